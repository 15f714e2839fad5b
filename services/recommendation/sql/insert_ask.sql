-- $1 asks her contact $8, who is the member $9, for the reason $10: decision $2, ask $3, both
-- sides, and the event. No row if the contact is that member no longer.
WITH link AS (
    SELECT c.contact_id
    FROM contact.v1_contact AS c
    WHERE c.member_id = $1::uuid AND c.contact_id = $8::uuid AND c.linked_member_id = $9::uuid
), decided AS (
    INSERT INTO recommendation.decision
        (member_id, decision_id, question, decided_at, considered, record, is_asked)
    SELECT $1::uuid, $2::uuid, $4::text, $5::timestamptz, $6::int8, $7::bytea, true FROM link
    RETURNING decision_id
), asked AS (
    INSERT INTO recommendation.ask (member_id, ask_id, question, asked_at, decision_id)
    SELECT $1::uuid, $3::uuid, $4::text, $5::timestamptz, d.decision_id FROM decided AS d
    RETURNING ask_id
), targeted AS (
    INSERT INTO recommendation.target
        (member_id, ask_id, contact_id, target_member_id, state, reason)
    SELECT $1::uuid, a.ask_id, $8::uuid, $9::uuid, 1, $10::text FROM asked AS a
    RETURNING target_member_id
), received AS (
    INSERT INTO recommendation.received (member_id, ask_id, asker_id, question, asked_at, state)
    SELECT t.target_member_id, $3::uuid, $1::uuid, $4::text, $5::timestamptz, 1
    FROM targeted AS t
    RETURNING member_id
), queued AS (
    INSERT INTO recommendation.outbox
        (member_id, id, bucket, kind, traceparent, payload, subscriber)
    SELECT r.member_id, $11::uuid, $12::int8, $13::text, $14::text, $15::bytea, o.subscriber
    FROM received AS r, recommendation.outbox_route AS o WHERE o.kind = $13::text
)
SELECT a.ask_id FROM asked AS a
