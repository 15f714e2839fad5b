-- In order; how long the event is to wait yet, in milliseconds.
SELECT member_id, id, kind, occurred_at, traceparent, payload, attempts,
    coalesce(greatest(ceil(extract(epoch FROM retry_at - now()) * 1000), 0), 0)::int8 AS wait_ms
FROM outbox
WHERE bucket = $1::int4 AND subscriber = $2::text AND id > $3::uuid
ORDER BY id
LIMIT $4::int8;
