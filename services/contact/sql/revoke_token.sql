-- No row: no token of this member.
UPDATE contact.token
SET revoked_at = coalesce(revoked_at, now())
WHERE member_id = $1::uuid AND token_id = $2::uuid
RETURNING token_id
