-- meaning: campaigns redeemed over campaigns contacted; nothing without a contact
-- entity: person
-- grain: one row per person
-- source: campaign
-- window: ever
-- type: Nullable(Float64)
-- kind: share
-- range: 0..1
-- owner: data science
-- sensitivity: behaviour
-- targeting: yes
if(
    countIf(type = 'contact') = 0,
    NULL,
    least(1, uniqExactIf(campaign, type = 'conversion') / uniqExactIf(campaign, type = 'contact'))
)
