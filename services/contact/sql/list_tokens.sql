-- Newest first: ids rise with time. NULL $3: the first page.
SELECT t.token_id, t.label, t.scopes, t.created_at, t.expires_at, t.revoked_at
FROM contact.token AS t
WHERE t.member_id = $1::uuid
    AND ($2::bool
        OR (t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())))
    AND ($3::uuid IS NULL OR t.token_id < $3::uuid)
ORDER BY t.token_id DESC
LIMIT $4::int8
