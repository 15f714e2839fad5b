UPDATE idempotency
SET reply = $3::bytea
WHERE member_id = $1::uuid AND key = $2::text;
