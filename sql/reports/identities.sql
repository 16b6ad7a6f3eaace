-- One row: of the people whom the campaigns contacted or assigned, how many ids count as somebody else
-- whom they are linked to, and how many people are only an id: no wallet, profile or link of it is known.
SELECT
    uniqExactIf(id, id != person) AS linked,
    uniqExactIf(
        person,
        person NOT IN (
            SELECT person FROM campaign_events WHERE campaign = '' AND type IN ('opened', 'profile', 'link')
        )
    ) AS unlinked
FROM person_events
WHERE campaign IN {campaigns:Array(String)} AND type = {type:String}
