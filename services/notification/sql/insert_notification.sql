-- One more notification for $1, numbered; no row when the member was told of this event before.
WITH fresh AS (
    SELECT 1 WHERE NOT EXISTS (
        SELECT FROM notification.notification WHERE member_id = $1::uuid AND id = $2::uuid)
), numbered AS (
    INSERT INTO notification.mailbox AS m (member_id, last_seq)
    SELECT $1::uuid, 1 FROM fresh
    ON CONFLICT (member_id) DO UPDATE SET last_seq = m.last_seq + 1
    RETURNING m.last_seq
)
INSERT INTO notification.notification
    (member_id, id, seq, kind, subject_id, actor_id, created_at)
SELECT $1::uuid, $2::uuid, n.last_seq, $3::int8, $4::uuid, $5::uuid, $6::timestamptz
FROM numbered n
ON CONFLICT (member_id, id) DO NOTHING
RETURNING seq
