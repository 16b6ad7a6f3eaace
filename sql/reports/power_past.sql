-- One row per whole day before `at` (0 is the last 24 hours) on which people of a frozen audience did
-- anything: how many; who, going back in time, is first met that day as visiting or converting; and
-- what the day adds to sums over people of what they bought from then on. Sums up to day n - 1 are
-- those of the last n days.
SELECT
    change.1 AS day,
    toUInt64(sum(change.2)) AS active,
    toUInt64(sum(change.3)) AS visits,
    toUInt64(sum(change.4)) AS conversions,
    sum(change.5) AS conversions_valued,
    sum(change.6) AS value_cents,
    sum(change.7) AS value_cents_squared,
    sum(change.8) AS conversions_valued_squared,
    sum(change.9) AS value_valued
FROM
(
    SELECT
        person,
        arraySort(
            groupArrayIf(
                intDiv(dateDiff('second', time, {at:DateTime64(6, 'UTC')}), 86400), type = 'visit'
            )
        ) AS seen,
        arraySort(
            groupArrayIf(
                (intDiv(dateDiff('second', time, {at:DateTime64(6, 'UTC')}), 86400), value),
                type = 'conversion'
            )
        ) AS got,
        groupUniqArray(
            intDiv(dateDiff('second', time, {at:DateTime64(6, 'UTC')}), 86400)
        ) AS active_on,
        arrayMap(one -> toInt128(ifNull(one.2, 0)), got) AS cents,
        arrayMap(one -> toInt64(isNotNull(one.2)), got) AS valued,
        arrayCumSum(cents) AS sums,
        arrayCumSum(valued) AS times,
        arrayConcat(
            arrayMap(
                d -> (d, 1, 0, 0, toInt64(0), toInt128(0), toInt128(0), toInt64(0), toInt128(0)),
                active_on
            ),
            arrayMap(
                d -> (d, 0, 1, 0, toInt64(0), toInt128(0), toInt128(0), toInt64(0), toInt128(0)),
                arraySlice(seen, 1, 1)
            ),
            arrayMap(
                (one, number, cent, sum, is_valued, time) -> (
                    one.1, 0, 0, toUInt8(number = 1), is_valued, cent,
                    sum * sum - (sum - cent) * (sum - cent),
                    toInt64(time * time - (time - is_valued) * (time - is_valued)),
                    sum * time - (sum - cent) * (time - is_valued)
                ),
                got, arrayEnumerate(got), cents, sums, valued, times
            )
        ) AS changes
    FROM person_events
    WHERE time <= {at:DateTime64(6, 'UTC')}
        AND time > {at:DateTime64(6, 'UTC')} - toIntervalDay({days:UInt16})
        AND type IN ('visit', 'conversion', 'click', 'exposure')
        AND person IN
        (
            SELECT person FROM audience_members
            WHERE program = {program:String} AND audience = {audience:String}
                AND fingerprint = {fingerprint:String}
        )
    GROUP BY person
)
ARRAY JOIN changes AS change
GROUP BY day
ORDER BY day
