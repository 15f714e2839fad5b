-- Notifications from before $1 that were read; $2 at most.
WITH old AS (
    SELECT member_id, id
    FROM notification.notification
    WHERE read_at < $1::timestamptz
    ORDER BY read_at
    LIMIT $2::int8
), gone AS (
    DELETE FROM notification.notification AS n
    USING old AS o
    WHERE n.member_id = o.member_id AND n.id = o.id
    RETURNING n.id
)
SELECT count(*) FROM gone
