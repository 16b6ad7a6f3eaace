-- No row: says whose days the tables of reach hold from now on, and whether they hold all events.
INSERT INTO reach_zone (zone, is_complete) SELECT {zone:String}, {complete:Bool}
