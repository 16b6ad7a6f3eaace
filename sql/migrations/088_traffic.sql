-- One row a contact, exposure or click, as the rules of invalid traffic look at it. Measurable and viewable
-- are what reach_events_view says.
CREATE VIEW IF NOT EXISTS traffic AS
SELECT
    campaign,
    type AS kind,
    number,
    person,
    source,
    id,
    time,
    partition,
    channel,
    format,
    creative,
    paid,
    pixels,
    seconds,
    type = 'exposure' AND isNotNull(pixels) AND isNotNull(seconds) AS measurable,
    measurable
        AND ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)
        AND ifNull(seconds, 0) >= if(format = 'video', 2, 1) AS viewable,
    cost AS cents,
    network,
    agent
FROM campaign_events
WHERE type IN ('contact', 'exposure', 'click') AND number != 0
