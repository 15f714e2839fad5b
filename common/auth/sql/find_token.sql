-- Global by nature: the token's hash is all we know of the caller. The view has valid tokens only.
SELECT member_id, token_id, scopes, expires_at
FROM contact.v1_token
WHERE token_hash = $1::bytea;
