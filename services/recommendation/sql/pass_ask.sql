-- $1 passes on ask $2 at $3: both sides and the event. No row if she has reacted already.
WITH part AS (
    UPDATE recommendation.received SET state = 3, reacted_at = $3::timestamptz
    WHERE member_id = $1::uuid AND ask_id = $2::uuid AND state = 1
    RETURNING member_id, ask_id, asker_id
), targeted AS (
    UPDATE recommendation.target AS t SET state = 3, reacted_at = $3::timestamptz
    FROM part AS p
    WHERE t.member_id = p.asker_id AND t.ask_id = p.ask_id AND t.target_member_id = p.member_id
), queued AS (
    INSERT INTO recommendation.outbox
        (member_id, id, bucket, kind, traceparent, payload, subscriber)
    SELECT p.asker_id, $4::uuid, $5::int8, $6::text, $7::text, $8::bytea, o.subscriber
    FROM part AS p, recommendation.outbox_route AS o WHERE o.kind = $6::text
)
SELECT p.asker_id FROM part AS p
