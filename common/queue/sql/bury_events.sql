-- These will never be taken: they wait among the dead letters for somebody to look at them.
WITH given_up AS (
    DELETE FROM outbox AS o
    USING unnest($1::uuid[], $2::uuid[], $3::int4[], $4::int8[], $5::text[], $6::text[])
        AS d (member_id, id, bucket, epoch, reason, message), bucket_owner AS b
    WHERE o.member_id = d.member_id AND o.id = d.id AND o.subscriber = $7::text
        AND b.bucket = d.bucket AND b.epoch = d.epoch AND b.owner = $8::text
    RETURNING o.member_id, o.id, o.subscriber, o.bucket, o.kind, o.traceparent, o.payload,
        o.occurred_at, o.attempts + 1 AS attempts, d.reason, d.message
)
INSERT INTO dead_letter (member_id, id, subscriber, bucket, kind, traceparent, payload,
    occurred_at, attempts, reason, message)
SELECT member_id, id, subscriber, bucket, kind, traceparent, payload, occurred_at, attempts, reason,
    message
FROM given_up;
