-- meaning: whether someone whom a campaign contacted within 28 days redeemed its offer after that, within the same days
-- entity: person
-- grain: one row per person
-- source: answers
-- window: 28 days
-- eligible: count() > 0
-- type: UInt8
-- owner: data science
max(answered)
