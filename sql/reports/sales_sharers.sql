-- One row per campaign asked for, and one, named '', for all together: who shared in a window of days, and
-- whom they brought, first level only. A friend was brought by a purchase for which the sharer was rewarded,
-- or by a draw through the sharer's share of a red packet; `friends_bought` counts those of the latter who
-- bought from then on. `by_friends` are the sharers who brought 1, 2, 3 to 5, 6 to 10 and more friends.
SELECT
    campaign,
    uniqExact(sharer) AS sharers,
    uniqExactArray(brought) AS friends,
    uniqExactArray(drawn) AS friends_drew,
    uniqExactArray(buying) AS friends_bought,
    [
        countIf(length(brought) = 1),
        countIf(length(brought) = 2),
        countIf(length(brought) BETWEEN 3 AND 5),
        countIf(length(brought) BETWEEN 6 AND 10),
        countIf(length(brought) > 10)
    ] AS by_friends
FROM
(
    SELECT
        shared.campaign AS campaign,
        sharer,
        groupUniqArray(friend) AS brought,
        groupUniqArrayIf(friend, type = 'packet_claim') AS drawn,
        groupUniqArrayIf(friend, type = 'packet_claim' AND converted >= time) AS buying
    FROM
    (
        SELECT
            r.campaign AS campaign,
            r.type AS type,
            if(s.owner = '', r.sharer, s.owner) AS sharer,
            if(f.owner = '', r.friend, f.owner) AS friend,
            r.time AS time
        FROM
        (
            SELECT
                campaign,
                type,
                time,
                sharer,
                if(type = 'reward', subject, counterparty) AS friend
            FROM ledger_results FINAL
            WHERE campaign IN {campaigns:Array(String)}
                AND type IN ('reward', 'packet_claim')
                AND outcome = 'applied'
                AND sharer != ''
                AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
        ) AS r
        LEFT JOIN linked_people AS s ON s.other = r.sharer
        LEFT JOIN linked_people AS f ON f.other = r.friend
    ) AS shared
    LEFT JOIN
    (
        SELECT campaign, person, max(time) AS converted
        FROM person_events
        WHERE campaign IN {campaigns:Array(String)} AND type = 'conversion'
        GROUP BY campaign, person
    ) AS c ON c.campaign = shared.campaign AND c.person = shared.friend
    GROUP BY GROUPING SETS ((shared.campaign, sharer), (sharer))
)
GROUP BY campaign
ORDER BY campaign
