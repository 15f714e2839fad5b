-- Ids of events that no sender delivers any more.
WITH old AS (
    SELECT member_id, event_id
    FROM inbox
    WHERE received_at < $1::timestamptz
    ORDER BY received_at
    LIMIT $2::int8
), gone AS (
    DELETE FROM inbox AS t
    USING old AS o
    WHERE t.member_id = o.member_id AND t.event_id = o.event_id
    RETURNING t.member_id
)
SELECT count(*) FROM gone
