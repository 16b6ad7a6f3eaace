-- One row per exposure or click of a day whose user agent says that it is a program.
-- version: 1
-- since: 2026-01-01
-- list: robots
-- reason: Crawlers, monitors and libraries that name themselves as such are no people.
SELECT *
FROM traffic
WHERE
    kind IN ('exposure', 'click')
    AND time >= {begin:DateTime64(6, 'UTC')}
    AND time < {end:DateTime64(6, 'UTC')}
    AND agent != ''
    AND multiSearchAnyCaseInsensitive(agent, {robots:Array(String)})
