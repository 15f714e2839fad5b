-- Notifications of $1 after number $2, oldest first, at most $3. Columns as in list_notifications.
SELECT
    coalesce((SELECT m.last_seq FROM notification.mailbox m WHERE m.member_id = $1::uuid), 0),
    0::int8,
    n.id, n.seq, n.kind, n.subject_id, n.actor_id, n.created_at, n.read_at,
    coalesce(
        (SELECT c.name FROM contact.v1_contact c
            WHERE c.member_id = $1::uuid AND c.linked_member_id = n.actor_id
            ORDER BY c.contact_id LIMIT 1),
        (SELECT a.name FROM contact.v1_member a WHERE a.member_id = n.actor_id)),
    (SELECT q.question FROM recommendation.v1_ask q
        WHERE q.ask_id = n.subject_id AND q.member_id IN (n.member_id, n.actor_id))
FROM (SELECT 1) AS always
LEFT JOIN LATERAL (
    SELECT p.member_id, p.id, p.seq, p.kind, p.subject_id, p.actor_id, p.created_at, p.read_at
    FROM notification.notification p
    WHERE p.member_id = $1::uuid AND p.seq > $2::int8
    ORDER BY p.seq
    LIMIT $3::int8
) n ON true
ORDER BY n.seq
