-- No row: deletes a part that was set aside.
ALTER TABLE {table:Identifier}
DROP DETACHED PART {part:String}
SETTINGS allow_drop_detached = 1
