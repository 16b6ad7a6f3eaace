-- meaning: hour of the day of most clicks, visits and redemptions; of equals the earliest
-- entity: person
-- grain: one row per person
-- source: campaign
-- window: ever
-- type: Nullable(UInt8)
-- kind: category
-- range: 0..23
-- owner: data science
-- sensitivity: behaviour
-- targeting: yes
if(
    countIf(type IN ('click', 'visit', 'conversion')) = 0,
    NULL,
    arraySort(
        (hour, times) -> (-toInt64(times), hour),
        tupleElement(sumMapIf([toHour(time, {zone:String})], [1], type IN ('click', 'visit', 'conversion')), 1),
        tupleElement(sumMapIf([toHour(time, {zone:String})], [1], type IN ('click', 'visit', 'conversion')), 2)
    )[1]
)
