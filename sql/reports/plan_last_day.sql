-- One row: the latest day on which anybody was reached, 1970-01-01 if nobody was.
SELECT max(day) AS day
FROM reach_by_day
WHERE basis = {basis:String} AND NOT paid
