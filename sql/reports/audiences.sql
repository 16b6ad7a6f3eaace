-- One row per frozen audience of the program, newest first: its size, and what its people are found by.
-- If two freezes of a name raced, the first stands.
SELECT name, size, fingerprint
FROM
(
    SELECT *
    FROM audiences FINAL
    WHERE program = {program:String}
    ORDER BY frozen_at, fingerprint
    LIMIT 1 BY name
)
ORDER BY frozen_at DESC, name
