-- At time $4, mark as read those of $1 that $2 names or that came up to $3 (NULL: only those named).
-- How many were unread; NULL when there is no notification $3.
WITH up_to AS (
    SELECT seq FROM notification.notification WHERE member_id = $1::uuid AND id = $3::uuid
), marked AS (
    UPDATE notification.notification SET read_at = $4::timestamptz
    WHERE member_id = $1::uuid AND read_at IS NULL
        AND (id = ANY ($2::uuid[]) OR seq <= (SELECT seq FROM up_to))
        AND ($3::uuid IS NULL OR EXISTS (SELECT FROM up_to))
    RETURNING 1
)
SELECT CASE WHEN $3::uuid IS NULL OR EXISTS (SELECT FROM up_to)
    THEN (SELECT count(*) FROM marked) END
