-- Events nobody redrove.
WITH old AS (
    SELECT member_id, id, subscriber
    FROM dead_letter
    WHERE died_at < $1::timestamptz
    ORDER BY died_at
    LIMIT $2::int8
), gone AS (
    DELETE FROM dead_letter AS t
    USING old AS o
    WHERE t.member_id = o.member_id AND t.id = o.id AND t.subscriber = o.subscriber
    RETURNING t.member_id
)
SELECT count(*) FROM gone
