-- meaning: share of the wallet's changes between 18 and 24 o'clock
-- entity: person
-- grain: one row per person
-- source: wallet
-- window: 84 days
-- type: Nullable(Float64)
-- kind: share
-- range: 0..1
-- owner: data science
-- sensitivity: behaviour
-- targeting: yes
countIf(amount != 0 AND time >= at - INTERVAL 84 DAY AND toHour(time, {zone:String}) >= 18)
    / nullIf(countIf(amount != 0 AND time >= at - INTERVAL 84 DAY), 0)
