-- One row per day, and one for all (no day): the people whom a campaign served something. Of other engines:
-- DuckDB and PostgreSQL both read it.
SELECT day, count(DISTINCT number) AS reach
FROM exposures
WHERE campaign = {campaign:String} AND NOT paid
GROUP BY GROUPING SETS ((day), ())
ORDER BY day
