-- One row: how much there is to learn from in {program}, and until when. Refused events, such as
-- one dated in the future, say nothing about how late it is.
SELECT
    (
        SELECT count()
        FROM ledger_results FINAL
        WHERE program = {program:String} AND outcome = 'applied' AND type = 'earn'
            AND activity = 'purchase'
    ) AS purchases,
    (SELECT count() FROM campaign_events FINAL WHERE type = 'contact') AS contacts,
    (SELECT max(time) FROM ledger_results WHERE outcome = 'applied') AS last_result,
    (SELECT max(time) FROM campaign_events) AS last_campaign_event
