-- One row per campaign asked for that contacted somebody or showed them something: those that are known
-- without looking through every event.
SELECT DISTINCT campaign AS name
FROM reach_campaigns
WHERE campaign IN {campaigns:Array(String)}
