-- meaning: contacts of the last 28 days for each click, visit or redemption, one more of those assumed
-- entity: person
-- grain: one row per person
-- source: campaign
-- window: 28 days
-- type: Float64
-- kind: share
-- range: 0..
-- owner: data science
-- sensitivity: behaviour
-- targeting: yes
countIf(type = 'contact' AND time >= at - INTERVAL 28 DAY)
    / (1 + countIf(type IN ('click', 'visit', 'conversion') AND time >= at - INTERVAL 28 DAY))
