-- The sender's row, held until the answer is committed. It is for the member its contact is linked
-- to, whether that was known when it was sent or not.
SELECT coalesce(c.linked_member_id, i.other_member_id) AS other_member_id, i.contact_id, i.state,
    i.is_declined, i.answered_by, i.expires_at <= now() AS is_expired, m.name
FROM contact.invitation AS i
JOIN contact.member AS m ON m.member_id = i.member_id
LEFT JOIN contact.contact AS c ON c.member_id = i.member_id AND c.contact_id = i.contact_id
WHERE i.member_id = $1::uuid AND i.invitation_id = $2::uuid AND i.is_outgoing
FOR UPDATE OF i
