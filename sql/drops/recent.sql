-- One row per person whom drops other than {campaign} contacted in the last {cooldown_days} or {cap_days}
-- days up to {now}: in how many drops within {cap_days}, and whether within {cooldown_days}. A contact
-- under one of a person's linked ids counts for all of them.
WITH reached AS
(
    SELECT
        arrayJoin(arrayDistinct([e.person, if(l.owner = '', e.person, l.owner)])) AS root,
        uniqExactIf(e.campaign, e.time > {now:DateTime64(6, 'UTC')} - toIntervalDay({cap_days:UInt16})) AS drops,
        max(e.time) > {now:DateTime64(6, 'UTC')} - toIntervalDay({cooldown_days:UInt16}) AS cools_down
    FROM campaign_events AS e FINAL
    LEFT JOIN linked_people AS l ON l.other = e.person
    WHERE e.type = 'contact'
        AND e.source = {source:String}
        AND e.campaign != {campaign:String}
        AND e.time <= {now:DateTime64(6, 'UTC')}
        AND e.time > {now:DateTime64(6, 'UTC')}
            - toIntervalDay(greatest({cooldown_days:UInt16}, {cap_days:UInt16}))
    GROUP BY root
)
SELECT root AS person, drops, cools_down
FROM reached
WHERE root NOT IN (SELECT other FROM linked_people)
UNION ALL
SELECT l.other AS person, r.drops AS drops, r.cools_down AS cools_down
FROM reached AS r
INNER JOIN linked_people AS l ON l.owner = r.root
