-- One row per person, attribute and source that gave a value: the latest of a time up to `at` that had
-- arrived by `known`, under any id that counted as the person's then; `id` is that which it names. Of
-- values of one time the one of the higher partition applies, then of the higher offset. What a source
-- has taken back has no row. `latest` is true for one row per person and attribute: the latest source's.
CREATE VIEW IF NOT EXISTS person_attributes_as_of AS
SELECT
    person,
    number,
    name,
    source,
    value, -- JSON
    said.1 AS time,
    id,
    row_number() OVER (PARTITION BY person, name ORDER BY said DESC) = 1 AS latest
FROM
(
    SELECT
        if(l.owner = '', a.person, l.owner) AS person,
        max(if(l.owner = '', a.number, l.number)) AS number,
        a.name AS name,
        a.source AS source,
        argMax(a.value, (a.time, a.partition, a.offset)) AS value,
        argMax(a.person, (a.time, a.partition, a.offset)) AS id,
        max((a.time, a.partition, a.offset)) AS said
    FROM person_attributes AS a
    LEFT JOIN linked_people_as_of(
        at = {at:DateTime64(6, 'UTC')}, known = {known:DateTime64(6, 'UTC')}
    ) AS l ON l.other = a.person
    WHERE a.time <= {at:DateTime64(6, 'UTC')} AND a.arrived <= {known:DateTime64(6, 'UTC')}
    GROUP BY person, name, source
    HAVING value != 'null'
)
