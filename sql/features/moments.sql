-- One row per campaign of a {purpose} as of {as_of}, by start: the moment that its people's rows are as
-- of. `training` are those that had ended by the date, `running` those that had begun but not ended,
-- `later` those that began on or after it. An offer without an end is over {offer_days} days after its
-- contact. A campaign older than {program}'s first purchase is left out: its people's past is unknown,
-- not empty.
SELECT campaign, start
FROM
(
    SELECT
        campaign,
        min(time) AS start,
        maxIf(ends, time < cutoff) AS finish_known, -- 1970 if nothing was known about it
        toDateTime64({as_of:Date}, 6, 'UTC') AS cutoff,
        multiIf(start >= cutoff, 'later', finish_known < cutoff, 'training', 'running') AS stage
    FROM
    (
        SELECT
            campaign,
            time,
            greatest(time, ifNull(until, time + toIntervalDay({offer_days:UInt16}))) AS ends
        FROM campaign_events FINAL
        WHERE type = 'contact'
    )
    GROUP BY campaign
)
WHERE stage = {purpose:String}
    AND start >
    (
        SELECT min(time)
        FROM ledger_results
        WHERE program = {program:String} AND outcome = 'applied' AND type = 'earn'
            AND activity = 'purchase'
    )
ORDER BY start, campaign
