-- No row: detaches an unreadable part from its table into the table's folder `detached`, where
-- nothing reads it.
ALTER TABLE {table:Identifier}
DETACH PART {part:String}
