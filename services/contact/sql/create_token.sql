-- No row: there is no such member.
WITH created AS (
    INSERT INTO contact.token (member_id, token_id, label, scopes, expires_at)
    SELECT m.member_id, $2::uuid, $4::text, $5::int8, $6::timestamptz
    FROM contact.member AS m WHERE m.member_id = $1::uuid
    RETURNING member_id, token_id
)
INSERT INTO contact.token_hash (token_hash, member_id, token_id)
SELECT $3::bytea, member_id, token_id FROM created
RETURNING token_id
