-- One row per program, activity or campaign, operation, and where it took the coins: what became of
-- the coins that people got for it by the end of a month, first in first out within each wallet; ''
-- stands for all that came and was not taken back. Of the campaigns `drawn`, the draws from their
-- packets are told too, as `packet`. What was undone by then counts as if it had never been (see
-- `wallet_moves`).
SELECT
    program,
    kind,
    name,
    operation,
    taker_kind,
    taker, -- carrier, merchant, partner, or whose account else the coins went to
    item,
    sum(moved) AS coins,
    uniqExact(account) AS wallets
FROM
(
    SELECT
        program,
        account,
        piece.1 AS kind,
        piece.2 AS name,
        piece.3 AS operation,
        piece.4 AS moved,
        piece.5 AS record
    FROM
    (
        SELECT
            program,
            account,
            arraySort(groupArray((first_place, moved, toString(moved_by), of, first_record))) AS moves,
            arrayFilter(move -> move.2 > 0, moves) AS ins,
            arrayFilter(move -> move.2 < 0, moves) AS outs,
            -- where each begins and ends among all coins that came in, and among all that went out
            arrayMap((move, upto) -> (upto - move.2, upto, move.4), ins, arrayCumSum(ins.2)) AS came,
            arrayMap(
                (move, sum) -> (-sum + move.2, -sum, move.3, move.5), outs, arrayCumSum(outs.2)
            ) AS went,
            arrayFilter(coins -> coins.3.1 != '', came) AS caused
        FROM
        (
            SELECT
                program,
                account,
                min(place) AS first_place,
                sum(amount) AS moved,
                max(kind = 'wallet') AS opened,
                argMin(operation, place) AS moved_by,
                argMin((source_partition, source_offset), place) AS first_record,
                argMin(
                    multiIf(
                        operation = 'earn' AND has({activities:Array(String)}, activity),
                        ('activity', toString(activity)),
                        operation IN ('grant', 'reward') AND has({campaigns:Array(String)}, campaign),
                        ('campaign', toString(campaign)),
                        operation IN ('packet_claim', 'claim') AND has({drawn:Array(String)}, campaign),
                        ('packet', toString(campaign)),
                        ('', '')
                    ),
                    place
                ) AS of
            FROM wallet_moves
            WHERE
                time < {end:DateTime64(6, 'UTC')}
                AND ({program:String} = '' OR program = {program:String})
                AND account IN (
                    SELECT if(kind = 'waiting', extract(account, '^waiting:[^:]*:(.*)$'), account)
                    FROM postings
                    WHERE
                        kind IN ('wallet', 'waiting')
                        AND (type = 'earn' AND has({activities:Array(String)}, activity)
                            OR (type IN ('grant', 'reward') OR step IN ('grant', 'reward'))
                            AND has({campaigns:Array(String)}, campaign)
                            OR (type = 'packet_claim' OR step = 'claim')
                            AND has({drawn:Array(String)}, campaign))
                )
            GROUP BY program, account, named
        )
        GROUP BY program, account
        HAVING max(opened) -- coins waiting for a wallet are in none
    )
    ARRAY JOIN arrayConcat(
        arrayMap(own -> (own.3.1, own.3.2, '', own.2 - own.1, (0, 0)), caused),
        arrayFlatten(
            arrayMap(
                own -> arrayMap(
                    paid -> (
                        own.3.1,
                        own.3.2,
                        paid.3,
                        least(own.2, paid.2) - greatest(own.1, paid.1),
                        paid.4
                    ),
                    arrayFilter(paid -> paid.1 < own.2 AND own.1 < paid.2, went)
                ),
                caused
            )
        )
    ) AS piece
) AS pieces
LEFT JOIN
(
    SELECT
        (source_partition, source_offset) AS record,
        any(kind) AS taker_kind,
        any(extract(account, '^[^:]*:(.*?)(?::[^:@]*)?(?:@[0-9]+)?$')) AS taker,
        any(ordered.item) AS item
    FROM
    (
        SELECT *
        FROM postings FINAL
        WHERE {takers:Bool} AND kind IN ('carrier', 'merchant', 'partner', 'fees') AND amount > 0
    ) AS taken
    LEFT JOIN
    (
        SELECT program, subject, event_source, event_id, any(item) AS item
        FROM ledger_results FINAL
        WHERE {takers:Bool} AND type = 'order_place' AND outcome = 'applied'
        GROUP BY program, subject, event_source, event_id
    ) AS ordered
        ON taken.program = ordered.program AND taken.subject = ordered.subject
        AND taken.cause_source = ordered.event_source AND taken.cause = ordered.event_id
    GROUP BY record
) AS takers ON pieces.operation != '' AND pieces.record = takers.record
GROUP BY program, kind, name, operation, taker_kind, taker, item
ORDER BY program, kind, name, operation, taker_kind, taker, item
