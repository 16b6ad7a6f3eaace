-- One row per person with a wallet before {at}, of a slice: features as of {at}, by what had arrived by
-- {known}. People come in the order of a hash of their name, so that a set is the same in however many
-- slices it is made, and its first rows are a sample.
SELECT
    people.person AS person,
    toDate({at:DateTime64(6, 'UTC')}, 'UTC') AS as_of/*columns*/
FROM
(
/*people*/
) AS people
/*joins*/
ORDER BY cityHash64(people.person), people.person
SETTINGS join_use_nulls = 0
