-- One row: how many campaign events and ledger results already carry a campaign's name, apart from its
-- descriptions.
SELECT
    (SELECT count() FROM campaign_events WHERE campaign = {campaign:String} AND type != 'describe')
    + (SELECT count() FROM ledger_results WHERE campaign = {campaign:String}) AS events
