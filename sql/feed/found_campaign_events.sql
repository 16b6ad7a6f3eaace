-- One row: what campaign_events holds of a range of a topic, and how much the tables of reach differ from
-- what it holds: of the partition in events, of the range in people of a campaign and its days.
WITH ifNull(nullIf((SELECT argMax(zone, since) FROM reach_zone), ''), 'UTC') AS zone
SELECT
    (
        SELECT count()
        FROM campaign_events
        WHERE
            topic = {topic:String}
            AND partition = {partition:UInt16}
            AND offset >= {first:UInt64}
            AND offset < {end:UInt64}
    ) AS records,
    (
        SELECT count()
        FROM campaign_events
        WHERE partition = {partition:UInt16} AND type IN ('contact', 'exposure') AND number != 0
    ) AS events,
    (SELECT sum(s.events) FROM reach_sums AS s WHERE partition = {partition:UInt16}) AS summed,
    (
        SELECT sum(contacted) + sum(served) + sum(served_paid)
        FROM reach_counts
        WHERE partition = {partition:UInt16}
    ) AS counted,
    (
        SELECT
            sum(
                bitmapAndnotCardinality(fed.people, kept.people)
                + bitmapAndnotCardinality(fed.people, whole_days.people)
            )
        FROM
        (
            SELECT
                campaign,
                if(type = 'contact', 'contacted', 'served') AS basis,
                toDate(time, zone) AS day,
                groupBitmapState(number) AS people
            FROM campaign_events
            WHERE
                topic = {topic:String}
                AND partition = {partition:UInt16}
                AND offset >= {first:UInt64}
                AND offset < {end:UInt64}
                AND type IN ('contact', 'exposure')
                AND number != 0
            GROUP BY campaign, basis, day
        ) AS fed
        LEFT JOIN
        (
            SELECT campaign, basis, day, groupBitmapMergeState(d.people) AS people
            FROM reach_days AS d
            GROUP BY campaign, basis, day
        ) AS kept USING (campaign, basis, day)
        LEFT JOIN
        (
            SELECT campaign, basis, day, groupBitmapMergeState(b.people) AS people
            FROM reach_by_day AS b
            GROUP BY campaign, basis, day
        ) AS whole_days USING (campaign, basis, day)
    ) AS lacking,
    (
        SELECT sum(bitmapAndnotCardinality(fed.people, kept.people))
        FROM
        (
            SELECT
                campaign,
                if(type = 'contact', 'contacted', 'served') AS basis,
                groupBitmapState(number) AS people
            FROM campaign_events
            WHERE
                topic = {topic:String}
                AND partition = {partition:UInt16}
                AND offset >= {first:UInt64}
                AND offset < {end:UInt64}
                AND type IN ('contact', 'exposure')
                AND number != 0
            GROUP BY campaign, basis
        ) AS fed
        LEFT JOIN
        (
            SELECT campaign, basis, groupBitmapMergeState(c.people) AS people
            FROM reach_campaigns AS c
            GROUP BY campaign, basis
        ) AS kept USING (campaign, basis)
    ) AS lacking_whole,
    abs(events - summed) + abs(events - counted) + toInt64(lacking) + toInt64(lacking_whole) AS dependents
