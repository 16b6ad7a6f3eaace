-- One row a verdict that holds: it was given and not taken back.
CREATE VIEW IF NOT EXISTS invalid_verdicts AS
SELECT
    i.rule AS rule,
    i.version AS version,
    i.campaign AS campaign,
    i.kind AS kind,
    i.number AS number,
    i.person AS person,
    i.source AS source,
    i.id AS id,
    i.time AS time,
    any(i.partition) AS partition,
    any(i.channel) AS channel,
    any(i.format) AS format,
    any(i.creative) AS creative,
    any(i.paid) AS paid,
    any(i.measurable) AS measurable,
    any(i.viewable) AS viewable,
    any(i.cents) AS cents,
    max(i.judged) AS judged
FROM invalid_events AS i
GROUP BY rule, version, campaign, kind, number, person, source, id, time
HAVING sum(i.sign) > 0
