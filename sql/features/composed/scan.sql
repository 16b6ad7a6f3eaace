-- One row per person whom a source names: everything that is defined on the source, in one scan.
WITH {at:DateTime64(6, 'UTC')} AS at
SELECT
    person/*columns*/
FROM
(
/*source*/
)
GROUP BY person
/*having*/
