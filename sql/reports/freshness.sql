-- One row: the latest event of the campaigns asked for, or of all if none is, by its own time and by when
-- it arrived; when the last event of any arrived; the latest posting of the ledger; what was set aside.
SELECT
    (
        SELECT max(l.time) FROM campaign_latest AS l
        WHERE empty({campaigns:Array(String)}) OR l.campaign IN {campaigns:Array(String)}
    ) AS latest_event,
    (
        SELECT max(l.arrived) FROM campaign_latest AS l
        WHERE empty({campaigns:Array(String)}) OR l.campaign IN {campaigns:Array(String)}
    ) AS latest_arrived,
    (SELECT max(l.arrived) FROM campaign_latest AS l) AS stored_until,
    (SELECT max(r.time) FROM ledger_results AS r) AS latest_posting,
    (SELECT count() FROM deadletters) AS dead_letters,
    (SELECT max(d.time) FROM deadletters AS d) AS latest_dead_letter
