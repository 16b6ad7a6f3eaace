-- One row per table and partition that features are made of: the time of the latest event before {at}, and
-- of the latest at all, of those that had arrived by {known}; and the latest arrival that is stored, known
-- or not. Refused events, such as one dated in the future, say nothing about how late it is.
SELECT a.name AS name, a.partition AS partition, a.latest_before AS latest_before, a.latest AS latest, a.stored_until AS stored_until
FROM
(
    SELECT
        'ledger_results' AS name,
        r.partition AS partition,
        maxIf(
            r.time,
            r.outcome = 'applied'
                AND r.time < {at:DateTime64(6, 'UTC')}
                AND r.arrived <= {known:DateTime64(6, 'UTC')}
        ) AS latest_before,
        maxIf(r.time, r.outcome = 'applied' AND r.arrived <= {known:DateTime64(6, 'UTC')}) AS latest,
        max(r.arrived) AS stored_until
    FROM ledger_results AS r
    GROUP BY r.partition
    UNION ALL
    SELECT
        'campaign_events' AS name,
        e.partition AS partition,
        maxIf(
            e.time,
            e.time < {at:DateTime64(6, 'UTC')} AND e.arrived <= {known:DateTime64(6, 'UTC')}
        ) AS latest_before,
        maxIf(e.time, e.arrived <= {known:DateTime64(6, 'UTC')}) AS latest,
        max(e.arrived) AS stored_until
    FROM campaign_events AS e
    WHERE e.campaign != ''
    GROUP BY e.partition
) AS a
ORDER BY name, partition
