-- The vectors by model $1 of those of the texts $2 that were encoded before; notes that they are of
-- use, once a week.
WITH touched AS (
    UPDATE recommendation.meaning AS m
    SET used_at = now()
    WHERE m.model = $1::text AND m.text_hash = ANY ($2::bytea[])
        AND m.used_at < now() - interval '7 days'
)
SELECT m.text_hash, m.vector, m.hubness
FROM recommendation.meaning AS m
WHERE m.model = $1::text AND m.text_hash = ANY ($2::bytea[])
