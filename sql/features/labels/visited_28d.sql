-- meaning: whether a visit was reported within 28 days
-- entity: person
-- grain: one row per person
-- source: campaign
-- window: 28 days
-- eligible: everyone
-- type: UInt8
-- owner: data science
countIf(type = 'visit') > 0
