-- One row per event of a person that breaks a rule, by time; '' stands for any campaign.
SELECT time, campaign, kind, channel, format, creative, source, id, version, judged
FROM invalid_verdicts
WHERE
    rule = {rule:String}
    AND person = {person:String}
    AND ({campaign:String} = '' OR campaign = {campaign:String})
ORDER BY time, source, id
LIMIT {limit:UInt32}
