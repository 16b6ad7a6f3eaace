-- One row: the people whom any event names, each once, and of them those of whom more than an id is known.
WITH
    (SELECT (groupArray(l.number), groupArray(l.owner)) FROM linked_numbers AS l) AS links,
    bitmapBuild(links.1) AS linked,
    (SELECT groupBitmapMergeState(b.people) FROM people_bitmaps AS b WHERE b.kind = 'seen') AS seen,
    (SELECT groupBitmapMergeState(b.people) FROM people_bitmaps AS b WHERE b.kind = 'known') AS known,
    bitmapOr(bitmapAndnot(seen, linked), bitmapBuild(links.2)) AS persons
SELECT
    bitmapCardinality(persons) AS population,
    bitmapAndCardinality(persons, known) AS population_known
