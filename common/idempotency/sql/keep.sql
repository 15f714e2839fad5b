-- Key and reply in one: for calls that did not take their key first. No row: a twin was quicker.
INSERT INTO idempotency (member_id, key, method, request_hash, reply)
VALUES ($1::uuid, $2::text, $3::int8, $4::bytea, $5::bytea)
ON CONFLICT (member_id, key) DO NOTHING
RETURNING created_at;
