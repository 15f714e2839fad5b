SELECT member_id, id, kind, occurred_at, traceparent, payload
FROM outbox
WHERE bucket = $1::int4 AND subscriber = $2::text AND id > $3::uuid
ORDER BY id
LIMIT $4::int8;
