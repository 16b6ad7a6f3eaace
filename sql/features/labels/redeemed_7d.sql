-- meaning: whether coins were turned into data within 7 days
-- entity: person
-- grain: one row per person
-- source: wallet
-- window: 7 days
-- eligible: everyone
-- type: UInt8
-- owner: data science
countIf(operation IN ('redeem', 'redeem_settle') AND amount < 0) > 0
