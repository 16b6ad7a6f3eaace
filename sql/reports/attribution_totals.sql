-- One row: the conversions that name the campaigns, in a window of days, each once, and their value.
SELECT
    count() AS conversions,
    countIf(isNotNull(value)) AS valued,
    sum(ifNull(value, 0)) AS cents
FROM campaign_events FINAL
WHERE campaign IN {campaigns:Array(String)}
    AND type = 'conversion'
    AND number != 0
    AND toDate(time, {zone:String}) BETWEEN {begin:Date} AND {end:Date}
