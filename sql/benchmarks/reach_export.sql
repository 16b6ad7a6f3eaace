-- No row: writes what other engines are given of exposures into a file of Parquet.
INSERT INTO FUNCTION file({path:String}, 'Parquet')
SELECT
    toString(campaign) AS campaign,
    number,
    toDate(time, 'UTC') AS day,
    toString(channel) AS channel,
    paid,
    ifNull(pixels, 0) >= if(format = 'large_display', 0.3, 0.5)
        AND ifNull(seconds, 0) >= if(format = 'video', 2, 1) AS viewable
FROM campaign_events
WHERE campaign != '' AND type = 'exposure'
ORDER BY campaign
SETTINGS max_bytes_before_external_sort = 1000000000
