-- One row a frozen audience, the newest first.
SELECT
    name,
    as_of,
    model_id,
    rule,
    size,
    opted_out,
    fingerprint,
    frozen_at
FROM audiences FINAL
ORDER BY frozen_at DESC, name
