-- One row per description of the campaign, the one that applies first: the latest, and of several of one
-- time the last record.
SELECT
    time,
    source,
    advertiser,
    title_en,
    title_zh,
    goal,
    begin,
    end,
    budget,
    channels,
    creatives.name AS creative_names,
    creatives.format AS creative_formats,
    creatives.cost_model AS creative_cost_models,
    creatives.cost AS creative_costs_cents,
    coin_microcents,
    click_window_days,
    view_window_days
FROM campaign_descriptions
WHERE campaign = {campaign:String}
ORDER BY campaign_descriptions.time DESC, partition DESC, offset DESC
