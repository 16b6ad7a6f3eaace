-- meaning: cents spent on purchases within 28 days
-- entity: person
-- grain: one row per person
-- source: results
-- window: 28 days
-- eligible: everyone
-- type: Int64
-- owner: data science
sumIf(spend, what = 'purchase')
