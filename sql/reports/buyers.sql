-- One row per campaign asked for, and one, named '', for all together: the numbers of the people who bought
-- in a window of days, each once.
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links,
    n -> if(
        empty(links.1),
        n,
        transform(n, arrayPushBack(links.1, 0), arrayPushBack(links.2, 0), n)
    ) AS as_person -- the number it counts as
SELECT campaign, arraySort(groupUniqArray(as_person(number))) AS people
FROM campaign_events AS e FINAL
WHERE campaign IN {campaigns:Array(String)}
    AND type = 'conversion'
    AND number != 0
    AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
GROUP BY GROUPING SETS ((campaign), ())
ORDER BY campaign
