-- One row per frozen audience, newest first. If two freezes of a program's name raced, the first
-- stands.
SELECT program, name, as_of, model_id, rule, size, opted_out, fingerprint, frozen_at
FROM
(
    SELECT *
    FROM audiences FINAL
    ORDER BY frozen_at, fingerprint
    LIMIT 1 BY program, name
)
ORDER BY frozen_at DESC, name, program
