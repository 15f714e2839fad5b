-- Tokens that opened nothing any more before $1, and their hashes; $2 at most.
WITH old AS (
    SELECT member_id, token_id
    FROM contact.token
    WHERE least(revoked_at, expires_at) < $1::timestamptz
    ORDER BY least(revoked_at, expires_at)
    LIMIT $2::int8
), hashes AS (
    DELETE FROM contact.token_hash AS h
    USING old AS o
    WHERE h.member_id = o.member_id AND h.token_id = o.token_id
), gone AS (
    DELETE FROM contact.token AS t
    USING old AS o
    WHERE t.member_id = o.member_id AND t.token_id = o.token_id
    RETURNING t.token_id
)
SELECT count(*) FROM gone
