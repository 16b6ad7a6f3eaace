-- One row: the events of the campaigns asked for, or of all if none is, that are of a window of days and
-- arrived after its end; less, where figures are `net`, those judged invalid.
SELECT count() AS events
FROM campaign_events
WHERE (empty({campaigns:Array(String)}) OR campaign IN {campaigns:Array(String)})
    AND toDate(arrived, {zone:String}) > {end:Date}
    AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
    AND (
        NOT {net:Bool}
        OR (campaign, type, person, source, id) NOT IN
        (
            SELECT campaign, kind, person, source, id
            FROM invalid_events
            WHERE kind != 'click'
            GROUP BY campaign, kind, person, source, id
            HAVING sum(toInt64(counted)) != 0
        )
    )
