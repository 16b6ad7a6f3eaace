-- One row a posting that moved coins: whose settlement it belongs to, and which operation moved them.
-- Each posting has exactly one party: a kind that no line here names is a party by its own name, so
-- that nothing is ever left out of a sum.
CREATE VIEW IF NOT EXISTS settlement_postings AS
SELECT
    multiIf(
        kind = 'wallet', 'wallets',
        kind = 'packet', 'packets',
        kind = 'deposit', 'deposits', -- what people put by
        kind = 'waiting', 'waiting', -- for a wallet that is not open yet, or no longer
        kind = 'budget', concat('advertiser:', extract(account, '^budget:(.*?)(?:@[0-9]+)?$')),
        kind = 'clearing' AND campaign != '', concat('advertiser:', campaign), -- its coins in flight
        kind = 'issuer' AND activity != '', concat('department:', activity), -- who pays for it
        concat(
            if(kind = '', 'unknown', kind), ':', -- carrier:unicom, of carrier:unicom:liuliangbao@3
            if(name = '', account, name)
        )
    ) AS party,
    if(type = 'leg', step, type) AS operation,
    extract(account, '^[^:]*:(.*?)(?::[^:@]*)?(?:@[0-9]+)?$') AS name,
    account,
    version,
    kind,
    program,
    amount,
    event_id,
    event_source,
    cause,
    cause_source,
    campaign,
    time,
    source_partition,
    source_offset
FROM postings FINAL
WHERE amount != 0
