-- One row a posting that moved a wallet's coins, as 046 has it, with the record that it is of. What
-- waited in vain and went back is told by the leg that brings it to its payer, by which it is known
-- which gift it was: with the gift itself it comes to nothing, like everything undone. That coins came
-- in, or went back, when the wallet was opened moves nothing more. An event is named by its campaign
-- too, as ids that were forgotten may come again.
CREATE OR REPLACE VIEW wallet_moves AS
SELECT
    program,
    multiIf(
        kind = 'waiting', extract(account, '^waiting:[^:]*:(.*)$'),
        kind = 'clearing', counterparty, -- the name that they had waited for
        account
    ) AS account,
    (kind = 'wallet', version) AS place,
    kind,
    if(type = 'open', 0, postings.amount) AS amount,
    if(type = 'leg', step, type) AS operation,
    activity,
    campaign,
    time,
    multiIf(
        type = 'packet_send', (counterparty, '', '', campaign), -- a packet's name is used once
        type = 'packet_expire', (subject, '', '', campaign),
        cause = '' OR type IN ('reward', 'packet_claim'), -- of whose cause they are not
        (of_subject, event_source, event_id, campaign),
        (of_subject, cause_source, cause, campaign)
    ) AS named,
    multiIf(
        type != 'leg', subject,
        step IN ('reversal', 'bounce', 'unclaimed'), subject,
        step = 'grant' AND NOT match(counterparty, '@[0-9]+$'), subject,
        counterparty
    ) AS of_subject,
    source_partition,
    source_offset
FROM postings FINAL
WHERE postings.amount != 0
    AND (
        kind IN ('wallet', 'waiting') AND type != 'waiting_return'
        OR kind = 'clearing' AND step = 'unclaimed'
    )
