-- Passes what is inserted into campaign_events on to campaign_stream.
CREATE MATERIALIZED VIEW IF NOT EXISTS campaign_stream_view TO campaign_stream AS
SELECT
    campaign,
    type,
    time,
    person,
    number,
    channel,
    cost,
    format,
    pixels,
    seconds,
    paid,
    creative,
    partition
FROM campaign_events
WHERE number != 0
