-- A statement of its own: the one that met the conflict can not see a row committed while it waited.
SELECT reply, method = $3::int8 AND request_hash = $4::bytea
FROM idempotency
WHERE member_id = $1::uuid AND key = $2::text;
