-- Newest first: ids rise with time. NULL $3: the first page.
SELECT
    i.invitation_id, i.is_outgoing, i.contact_id, coalesce(c.name, m.name, '') AS name, i.note,
    i.code, CASE WHEN i.state = 1 AND i.expires_at <= now() THEN 4 ELSE i.state END AS state,
    i.sent_at, i.expires_at
FROM contact.invitation AS i
LEFT JOIN contact.contact AS c ON c.member_id = i.member_id AND c.contact_id = i.contact_id
LEFT JOIN contact.member AS m ON m.member_id = i.other_member_id
WHERE i.member_id = $1::uuid
    AND ($2::bool OR (i.state = 1 AND i.expires_at > now()))
    AND ($3::uuid IS NULL OR i.invitation_id < $3::uuid)
ORDER BY i.invitation_id DESC
LIMIT $4::int8
