-- No row: into ledger_results, and by its view into postings, synthetic results {first} to {last} of
-- {results} over the 180 days before {at}, two postings each: of {people} people one opens a wallet with
-- each of the first results; then they earn, buy, redeem, get drops, give to each other and draw from
-- packets.
INSERT INTO ledger_results
(
    source_partition, source_offset, event_id, event_source, type, subject, program, time, outcome, amount,
    activity, campaign, carrier, counterparty, spend, mb, `posting.account`, `posting.kind`,
    `posting.amount`, `posting.balance`, `posting.version`, `posting.pending`, topic, partition, offset,
    arrived
)
WITH
    cityHash64(number, 1) % 100 AS lot,
    multiIf(
        number < {people:UInt64}, 'open', lot < 45, 'earn', lot < 60, 'purchase', lot < 75, 'redeem',
        lot < 85, 'transfer', lot < 92, 'grant', lot < 97, 'packet_claim', 'order_fulfil'
    ) AS what,
    if(number < {people:UInt64}, number, cityHash64(number, 2) % {people:UInt64}) AS whose,
    concat('u:', toString(whose)) AS person,
    concat('u:', toString((whose + 1 + cityHash64(number, 3) % 8) % {people:UInt64})) AS friend,
    toInt64(1 + cityHash64(number, 4) % 50) AS coins,
    if(what IN ('redeem', 'transfer', 'order_fulfil'), -coins, if(what = 'open', 0, coins)) AS moved
SELECT
    number % 8 AS source_partition,
    intDiv(number, 8) AS source_offset,
    concat('e-', toString(number)) AS event_id,
    'bench' AS event_source,
    if(what = 'purchase', 'earn', what) AS type,
    person AS subject,
    {program:String} AS program,
    {at:DateTime64(6, 'UTC')} - toIntervalMicrosecond(
        toInt64((180 - 180 * (number / {results:UInt64})) * 86400000000)
    ) AS time,
    'applied' AS outcome,
    coins AS amount,
    multiIf(what = 'earn', ['check-in', 'game', 'video'][1 + lot % 3], what = 'purchase', 'purchase', '') AS activity,
    if(what = 'grant', concat('c-', toString(lot)), '') AS campaign,
    if(what = 'redeem', ['telecom', 'unicom', 'mobile'][1 + whose % 3], '') AS carrier,
    if(what IN ('transfer', 'packet_claim'), friend, '') AS counterparty,
    if(what = 'purchase', 100 * coins, NULL) AS spend,
    if(what = 'redeem', coins, 0) AS mb,
    [person, if(what = 'transfer', friend, 'issuer:bench')] AS `posting.account`,
    ['wallet', if(what = 'transfer', 'wallet', 'issuer')] AS `posting.kind`,
    [moved, -moved] AS `posting.amount`,
    [moved, -moved] AS `posting.balance`,
    [number, number] AS `posting.version`,
    [0, 0] AS `posting.pending`,
    'ledger.postings' AS topic,
    number % 8 AS partition,
    intDiv(number, 8) AS offset,
    time AS arrived
FROM numbers({first:UInt64}, {last:UInt64} - {first:UInt64})
