-- Keyed: $1 are hashes of tokens. Global by nature: a hash is all we know of the caller. The view has
-- valid tokens only.
SELECT t.member_id, t.token_id, t.scopes, t.expires_at, k.ord
FROM unnest($1::bytea[]) WITH ORDINALITY AS k (token_hash, ord)
JOIN contact.v1_token AS t ON t.token_hash = k.token_hash
WHERE k.ord BETWEEN 1 AND 64
ORDER BY k.ord
