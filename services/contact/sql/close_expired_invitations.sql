UPDATE contact.invitation
SET state = 4
WHERE member_id = $1::uuid AND is_outgoing AND state = 1 AND expires_at <= now()
