-- One row comes back if the key is new. A twin under way is waited for.
INSERT INTO idempotency (member_id, key, method, request_hash)
VALUES ($1::uuid, $2::text, $3::int8, $4::bytea)
ON CONFLICT (member_id, key) DO NOTHING
RETURNING created_at;
