-- One row per person of whom more than an id is known: a wallet, a profile, or an id that is linked.
CREATE VIEW IF NOT EXISTS known_people AS
SELECT DISTINCT person
FROM campaign_events
WHERE campaign = '' AND type IN ('opened', 'profile', 'link')
