-- Not one row: takes a part that can't be read out of its table, into the table's folder `detached`, where nothing reads it.
ALTER TABLE {table:Identifier}
DETACH PART {part:String}
