-- The vectors by model $1 of those of the texts $2 that were encoded before.
SELECT m.text_hash, m.vector, m.hubness
FROM recommendation.meaning AS m
WHERE m.model = $1::text AND m.text_hash = ANY ($2::bytea[])
