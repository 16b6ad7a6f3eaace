-- Passes contacts and exposures on to reach_events as they are inserted. Viewable is what the
-- MRC calls so: of a display half its pixels for 1 s, of a large display 30 %, of a video half for 2 s.
CREATE MATERIALIZED VIEW IF NOT EXISTS reach_events_view TO reach_events AS
SELECT
    campaign,
    type AS kind,
    paid,
    toDate(time, ifNull(nullIf((SELECT argMax(zone, since) FROM reach_zone), ''), 'UTC')) AS day,
    channel,
    format,
    creative,
    number,
    partition,
    type = 'exposure' AND isNotNull(pixels) AND isNotNull(seconds) AS measurable,
    measurable
        AND ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)
        AND ifNull(seconds, 0) >= if(format = 'video', 2, 1) AS viewable,
    cost AS cents
FROM campaign_stream
WHERE type IN ('contact', 'exposure')
