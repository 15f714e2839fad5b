-- Back to the outbox, as if new; $1 NULL: all of them, $2 at most.
WITH chosen AS (
    SELECT member_id, id, subscriber
    FROM dead_letter
    WHERE $1::uuid IS NULL OR id = $1::uuid
    ORDER BY died_at
    LIMIT $2::int8
), raised AS (
    DELETE FROM dead_letter AS d
    USING chosen AS c
    WHERE d.member_id = c.member_id AND d.id = c.id AND d.subscriber = c.subscriber
    RETURNING d.member_id, d.id, d.subscriber, d.bucket, d.kind, d.traceparent, d.payload,
        d.occurred_at
)
INSERT INTO outbox (member_id, id, subscriber, bucket, kind, traceparent, payload, occurred_at)
SELECT member_id, id, subscriber, bucket, kind, traceparent, payload, occurred_at
FROM raised
RETURNING id;
