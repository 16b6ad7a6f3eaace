-- One row per description of a campaign, from `time` on; the latest applies, whichever source it is of.
-- One that says nothing but how its effect is measured, as a drop's launch does, is none of what it is.
CREATE OR REPLACE VIEW campaign_descriptions AS
SELECT
    campaign,
    source,
    time,
    JSONExtractString(description, 'advertiser') AS advertiser, -- '' where it does not say
    JSONExtractString(description, 'title_en') AS title_en,
    JSONExtractString(description, 'title_zh') AS title_zh,
    JSONExtractString(description, 'goal') AS goal, -- reach, visits, conversions, value
    parseDateTime64BestEffortOrNull(JSONExtractString(description, 'begin'), 6, 'UTC') AS begin,
    parseDateTime64BestEffortOrNull(JSONExtractString(description, 'end'), 6, 'UTC') AS end,
    JSONExtract(description, 'budget', 'Nullable(Int64)') AS budget, -- in coins
    JSONExtract(description, 'channels', 'Array(String)') AS channels,
    JSONExtract(
        description,
        'creatives',
        'Array(Tuple(name String, format String, cost_model String, cost Nullable(Int64)))'
    ) AS creatives, -- cost in cents
    JSONExtract(description, 'coin_microcents', 'Nullable(Int64)') AS coin_microcents,
    if(JSONHas(description, 'click_window_days'), JSONExtractUInt(description, 'click_window_days'), 7)
        AS click_window_days,
    if(JSONHas(description, 'view_window_days'), JSONExtractUInt(description, 'view_window_days'), 1)
        AS view_window_days,
    partition,
    offset
FROM campaign_events FINAL
WHERE type = 'describe'
    AND NOT (
        JSONType(description, 'measurement') = 'Object'
        AND advertiser = '' AND title_en = '' AND title_zh = '' AND goal = ''
        AND begin IS NULL AND end IS NULL AND budget IS NULL AND coin_microcents IS NULL
        AND empty(channels) AND empty(creatives)
    )
