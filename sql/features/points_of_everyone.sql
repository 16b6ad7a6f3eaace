-- One row per person of a slice with a wallet of {program} before {at}, for a next campaign in {channel};
-- what they will do is not known. A name counts as the person that it was linked to by {told}.
SELECT
    if(l.owner = '', r.subject, l.owner) AS person,
    {channel:String} AS channel,
    CAST(NULL AS Nullable(UInt8)) AS label
FROM ledger_results AS r
LEFT JOIN linked_people_as_of(
    at = {told:DateTime64(6, 'UTC')}, known = {known:DateTime64(6, 'UTC')}
) AS l ON l.other = r.subject
WHERE r.program = {program:String} AND r.outcome = 'applied' AND r.type IN ('open', 'earn')
    AND r.time < {at:DateTime64(6, 'UTC')}
    AND cityHash64(person) BETWEEN {first:UInt64} AND {last:UInt64}
GROUP BY person
