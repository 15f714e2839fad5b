-- $1 answers ask $2 by answer $3 with text $4 at $5: both sides and the event. No row if she has
-- reacted already.
WITH part AS (
    UPDATE recommendation.received SET state = 2, reacted_at = $5::timestamptz
    WHERE member_id = $1::uuid AND ask_id = $2::uuid AND state = 1
    RETURNING member_id, ask_id, asker_id
), given AS (
    INSERT INTO recommendation.given_answer (member_id, answer_id, ask_id, text, answered_at)
    SELECT p.member_id, $3::uuid, p.ask_id, $4::text, $5::timestamptz FROM part AS p
), targeted AS (
    UPDATE recommendation.target AS t SET state = 2, reacted_at = $5::timestamptz
    FROM part AS p
    WHERE t.member_id = p.asker_id AND t.ask_id = p.ask_id AND t.target_member_id = p.member_id
), answered AS (
    INSERT INTO recommendation.answer
        (member_id, answer_id, ask_id, by_member_id, text, answered_at)
    SELECT p.asker_id, $3::uuid, p.ask_id, p.member_id, $4::text, $5::timestamptz FROM part AS p
), queued AS (
    INSERT INTO recommendation.outbox
        (member_id, id, bucket, kind, traceparent, payload, subscriber)
    SELECT p.asker_id, $6::uuid, $7::int8, $8::text, $9::text, $10::bytea, o.subscriber
    FROM part AS p, recommendation.outbox_route AS o WHERE o.kind = $8::text
)
SELECT p.asker_id FROM part AS p
