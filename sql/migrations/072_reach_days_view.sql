-- Fills reach_days: a viewable exposure is in two of the bases.
CREATE MATERIALIZED VIEW IF NOT EXISTS reach_days_view TO reach_days AS
SELECT
    campaign,
    basis,
    paid,
    day,
    channel,
    format,
    creative,
    groupBitmapState(number) AS people
FROM reach_events
ARRAY JOIN multiIf(kind = 'contact', ['contacted'], viewable, ['served', 'viewable'], ['served']) AS basis
GROUP BY campaign, basis, paid, day, channel, format, creative
