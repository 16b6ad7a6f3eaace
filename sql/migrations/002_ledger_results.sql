-- One row a record of wallet.events: what the ledger made of it, with its postings.
CREATE TABLE IF NOT EXISTS ledger_results
(
    source_partition UInt16, -- the record's place in wallet.events
    source_offset UInt64,
    event_id String, -- with its source it names the event, within its subject
    event_source String,
    type LowCardinality(String), -- open, earn, fund, grant, redeem, transfer, leg
    subject String,
    program LowCardinality(String),
    time DateTime64(6, 'UTC'),
    outcome LowCardinality(String), -- applied, refused, repeat, forwarded
    reason LowCardinality(String), -- of a refusal, else ''
    amount Int64, -- coins the event moved or asked for
    activity LowCardinality(String), -- earn
    campaign LowCardinality(String), -- fund, grant
    carrier LowCardinality(String), -- redeem
    counterparty String, -- transfer: to; leg: from
    spend Nullable(Int64), -- earn: in cents
    `posting.account` Array(String),
    `posting.kind` Array(LowCardinality(String)), -- wallet, budget, clearing, carrier, issuer, ...
    `posting.amount` Array(Int64), -- signed; an event's postings sum to zero
    `posting.balance` Array(Int64), -- posted balance of the account after it
    `posting.version` Array(UInt64), -- of the account after it
    topic LowCardinality(String), -- where the feed read it: ledger.postings
    partition UInt16,
    offset UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (source_partition, source_offset)
SETTINGS non_replicated_deduplication_window = 10000
