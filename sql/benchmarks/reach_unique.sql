-- One row: the people whom campaigns served something, counted anew by a function of ClickHouse.
SELECT
    if(
        {by:String} = 'uniqExact',
        uniqExactIf(number, {by:String} = 'uniqExact'),
        uniqCombined64If(number, {by:String} != 'uniqExact')
    ) AS reach
FROM campaign_events
WHERE campaign IN {campaigns:Array(String)} AND type = 'exposure' AND NOT paid
