-- One row a posting that moved coins, as 040 has it; a draw is one operation, whether its claimer is on
-- the packet's own partition or on another.
CREATE OR REPLACE VIEW settlement_postings AS
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
    multiIf(type != 'leg', type, step = 'claim', 'packet_claim', step) AS operation,
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
