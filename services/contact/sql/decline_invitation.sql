-- The sender's row is closed but keeps the state she sees.
WITH sent AS (
    UPDATE contact.invitation
    SET is_declined = true, answered_by = $3::uuid
    WHERE member_id = $1::uuid AND invitation_id = $2::uuid
    RETURNING member_id, invitation_id, note, sent_at, expires_at
)
INSERT INTO contact.invitation
    (member_id, invitation_id, is_outgoing, other_member_id, contact_id, note, code, state,
    sent_at, expires_at)
SELECT $3::uuid, s.invitation_id, false, s.member_id, c.contact_id, s.note, '', 3, s.sent_at,
    s.expires_at
FROM sent AS s
LEFT JOIN contact.contact AS c ON c.member_id = $3::uuid AND c.linked_member_id = s.member_id
ON CONFLICT (member_id, invitation_id) DO UPDATE SET state = 3
