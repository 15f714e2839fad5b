-- A new secret for a token whose first one was lost with its reply; the lost one is worth nothing
-- from now on. No row: the token is older than any retry, or revoked, or may do more than the scopes
-- $4, or lives longer than until $5 (NULL: no matter).
WITH young AS (
    SELECT t.member_id, t.token_id
    FROM contact.token AS t
    WHERE t.member_id = $1::uuid AND t.token_id = $2::uuid AND t.revoked_at IS NULL
        AND t.created_at > now() - interval '10 minutes'
        AND t.scopes & ~$4::int8 = 0
        AND ($5::timestamptz IS NULL OR t.expires_at <= $5::timestamptz)
), lost AS (
    DELETE FROM contact.token_hash AS h
    USING young AS y
    WHERE h.member_id = y.member_id AND h.token_id = y.token_id
)
INSERT INTO contact.token_hash (token_hash, member_id, token_id)
SELECT $3::bytea, y.member_id, y.token_id FROM young AS y
RETURNING token_id
