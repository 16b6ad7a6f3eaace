-- One row a frozen audience, the newest first. Should two freezes of a name have raced, the first
-- stands.
SELECT name, as_of, model_id, rule, size, opted_out, fingerprint, frozen_at
FROM
(
    SELECT *
    FROM audiences FINAL
    ORDER BY frozen_at, fingerprint
    LIMIT 1 BY name
)
ORDER BY frozen_at DESC, name
