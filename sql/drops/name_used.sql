-- A row is the number of campaign events and ledger results that already carry a campaign's name; what
-- describes it is not one.
SELECT
    (SELECT count() FROM campaign_events WHERE campaign = {campaign:String} AND type != 'describe')
    + (SELECT count() FROM ledger_results WHERE campaign = {campaign:String}) AS events
