-- One row a posting that moved coins, as 047 has it; coins that nobody opened a wallet for are a
-- program's in flight on both ends of their way back, since the event that sends them names no campaign.
CREATE OR REPLACE VIEW settlement_postings AS
SELECT
    multiIf(
        kind = 'wallet', 'wallets',
        kind = 'packet', 'packets',
        kind = 'deposit', 'deposits', -- what people put by
        kind = 'waiting', 'waiting', -- for a wallet that is not open yet, or no longer
        kind = 'budget', concat('advertiser:', extract(account, '^budget:(.*?)(?:@[0-9]+)?$')),
        kind = 'clearing' AND campaign != '' AND step != 'unclaimed',
        concat('advertiser:', campaign), -- its coins in flight
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
