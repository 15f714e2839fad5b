-- Replies nobody asks for any more.
WITH old AS (
    SELECT member_id, key
    FROM idempotency
    WHERE created_at < $1::timestamptz
    ORDER BY created_at
    LIMIT $2::int8
), gone AS (
    DELETE FROM idempotency AS t
    USING old AS o
    WHERE t.member_id = o.member_id AND t.key = o.key
    RETURNING t.member_id
)
SELECT count(*) FROM gone
