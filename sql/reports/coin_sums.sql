-- One row per campaign and program: every coin of its budget by the accounts that it went through,
-- exactly. What comes to a person may come to a name without a wallet, for which it waits.
SELECT
    campaign,
    program,
    -sumIf(amount, kind = 'issuer' AND type = 'fund') AS funded,
    sumIf(amount, kind = 'issuer' AND type = 'defund') AS defunded,
    sumIf(amount, kind = 'budget' AND step = 'lease') AS leased, -- so far, to shards
    sumIf(amount, of_a_person AND of_grant) AS granted,
    -sumIf(amount, of_a_person AND type = 'reverse') AS reversed,
    -sumIf(amount, came_back AND NOT of_packet) AS granted_back, -- nobody opened the wallet
    sumIf(amount, kind = 'packet' AND type = 'packet_send') AS packets_sent,
    -sumIf(amount, kind = 'packet' AND type = 'packet_expire') AS packets_refunded,
    sumIf(amount, kind = 'packet') AS undrawn,
    sumIf(amount, of_a_person AND of_draw) AS drawn,
    -sumIf(amount, came_back AND of_packet) AS drawn_back, -- likewise
    sumIf(amount, NOT is_open AND (kind = 'waiting' AND of_grant OR came_back AND NOT of_packet))
        AS granted_waiting,
    sumIf(amount, NOT is_open AND (kind = 'waiting' AND of_draw OR came_back AND of_packet))
        AS drawn_waiting,
    sumIf(amount, kind = 'budget' AND account = concat('budget:', campaign)) AS reserve,
    sumIf(amount, kind = 'budget') - reserve AS shards,
    sumIf(amount, kind = 'clearing' AND NOT came_back) AS in_flight,
    sumIf(amount, kind = 'suspense') AS suspense
FROM
(
    SELECT
        *,
        kind IN ('wallet', 'waiting') AS of_a_person,
        kind = 'clearing' AND step = 'unclaimed' AS came_back,
        type IN ('grant', 'reward') OR step = 'grant' AS of_grant,
        type = 'packet_claim' OR step = 'claim' AS of_draw,
        startsWith(subject, 'packet:') AS of_packet, -- of what came back
        multiIf(
            kind = 'waiting', extract(account, '^waiting:[^:]*:(.*)$'),
            came_back, counterparty,
            ''
        ) AS waited_for,
        (program, waited_for) IN (
            SELECT program, account FROM postings WHERE kind = 'wallet' AND amount != 0
        ) AS is_open
    FROM postings FINAL
    WHERE has({campaigns:Array(String)}, campaign) AND amount != 0
)
GROUP BY campaign, program
ORDER BY campaign, program
