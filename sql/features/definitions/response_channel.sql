-- meaning: channel of most clicks and redemptions; of equals the first by name
-- entity: person
-- grain: one row per person
-- source: campaign
-- window: ever
-- type: String
-- kind: category
-- owner: data science
-- sensitivity: behaviour
-- targeting: yes
arraySort(
    (name, times) -> (-toInt64(times), name),
    tupleElement(sumMapIf([toString(channel)], [1], type IN ('click', 'conversion') AND channel != ''), 1),
    tupleElement(sumMapIf([toString(channel)], [1], type IN ('click', 'conversion') AND channel != ''), 2)
)[1]
