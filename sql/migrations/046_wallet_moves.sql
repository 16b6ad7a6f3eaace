-- One row a posting that moved a wallet's coins, or those that wait for its name, and the event that it
-- is `named` by: subject, source and id. What of one event comes to nothing in a wallet was undone (earned and reversed, given and
-- sent back, redeemed and refunded) and counts as if it had never been; what of it came back in part
-- counts as if only the rest had moved. A leg's event is that of who paid it, but for one that brings
-- back, or that a campaign's reserve was asked for; what nobody drew of a packet comes back to its send.
-- What waited has its place before all that the wallet did; that it came in when the wallet was opened
-- comes to nothing, being told by the gift itself.
CREATE VIEW IF NOT EXISTS wallet_moves AS
SELECT
    program,
    if(kind = 'waiting', extract(account, '^waiting:[^:]*:(.*)$'), account) AS account,
    (kind = 'wallet', version) AS place,
    kind,
    amount,
    if(type = 'leg', step, type) AS operation,
    activity,
    campaign,
    time,
    multiIf(
        type = 'packet_send', (counterparty, '', ''), -- a packet's name is used once
        type = 'packet_expire', (subject, '', ''),
        cause = '' OR type IN ('reward', 'packet_claim'), -- of whose cause they are not
        (of_subject, event_source, event_id),
        (of_subject, cause_source, cause)
    ) AS named,
    multiIf(
        type != 'leg', subject,
        step IN ('reversal', 'bounce', 'unclaimed'), subject,
        step = 'grant' AND NOT match(counterparty, '@[0-9]+$'), subject,
        counterparty
    ) AS of_subject
FROM postings FINAL
WHERE kind IN ('wallet', 'waiting') AND amount != 0
