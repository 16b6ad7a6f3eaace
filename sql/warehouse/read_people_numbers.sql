-- One row: the highest number in people_numbers, read from the table itself and not from its metadata.
SELECT max(number) AS last
FROM people_numbers
