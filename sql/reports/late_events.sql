-- One row: the events of the campaigns asked for, or of all if none is, that are of a window of days and
-- arrived after its end.
SELECT count() AS events
FROM campaign_events
WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    AND toDate(arrived, {zone:String}) > {end:Date}
    AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
