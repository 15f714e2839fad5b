-- Vectors by model $1: texts $2, vectors $3, hubness $4. Another instance may have been quicker.
INSERT INTO recommendation.meaning (text_hash, model, vector, hubness)
SELECT e.text_hash, $1::text, e.vector, e.hubness
FROM unnest($2::bytea[], $3::bytea[], $4::float8[]) AS e (text_hash, vector, hubness)
ON CONFLICT (text_hash, model) DO NOTHING
