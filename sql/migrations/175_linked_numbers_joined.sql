-- One row per number that counts as somebody else's, as 079 has it: the order of statements is one number
-- (their time, then partition and offset), and ids are joined to theirs, which costs a third of looking each
-- up in an array.
CREATE OR REPLACE VIEW linked_numbers AS
SELECT n.number AS number, any(l.owner) AS owner
FROM people_numbers AS n
INNER JOIN
(
    SELECT
        other,
        argMax(
            if(assumeNotNull(linked), number, toUInt32(0)),
            toInt128(toUnixTimestamp64Micro(time)) * toInt128('18446744073709551616')
            + toInt128(bitOr(bitShiftLeft(toUInt64(partition), 48), offset))
        ) AS owner -- 0: nobody's
    FROM campaign_events FINAL
    WHERE campaign = '' AND type = 'link'
    GROUP BY other
    HAVING owner != 0
) AS l ON l.other = n.person
GROUP BY number
