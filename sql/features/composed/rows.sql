-- Into feature_rows_staging, one row per person of a slice and {campaign}, of {program}'s {purpose} for
-- {as_of}: features of what had happened before {at} and stood then, and what became of it.
INSERT INTO feature_rows_staging
    (program, as_of, purpose, campaign, person, at, label, channel/*names*/)
SELECT
    {program:String},
    {as_of:Date},
    {purpose:String},
    {campaign:String},
    people.person,
    {at:DateTime64(6, 'UTC')},
    people.label,
    people.channel/*columns*/
FROM
(
/*points*/
) AS people
/*joins*/
SETTINGS join_use_nulls = 0
