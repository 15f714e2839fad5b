-- Vectors nobody has asked for since $1; $2 at most. A process that still needs one makes it again.
WITH old AS (
    SELECT text_hash, model
    FROM recommendation.meaning
    WHERE used_at < $1::timestamptz
    ORDER BY used_at
    LIMIT $2::int8
), gone AS (
    DELETE FROM recommendation.meaning AS m
    USING old AS o
    WHERE m.text_hash = o.text_hash AND m.model = o.model
    RETURNING m.text_hash
)
SELECT count(*) FROM gone
