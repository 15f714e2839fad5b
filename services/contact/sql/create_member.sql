-- A new member with her first token. No row: the address is proven to be another member's.
WITH address AS (
    INSERT INTO contact.member_email (email, member_id)
    SELECT $3::text, $1::uuid WHERE $4::bool
    ON CONFLICT (email) DO NOTHING
    RETURNING member_id
), created AS (
    INSERT INTO contact.member (member_id, name, email, is_email_verified, time_zone)
    SELECT $1::uuid, $2::text, $3::text, $4::bool, $5::text
    WHERE NOT $4::bool OR EXISTS (SELECT FROM address)
    RETURNING member_id
), token AS (
    INSERT INTO contact.token (member_id, token_id, label, scopes)
    SELECT member_id, $6::uuid, 'first', $8::int8 FROM created
), hash AS (
    INSERT INTO contact.token_hash (token_hash, member_id, token_id)
    SELECT $7::bytea, member_id, $6::uuid FROM created
), queued AS (
    INSERT INTO contact.outbox (member_id, id, bucket, kind, traceparent, payload, subscriber)
    SELECT c.member_id, $9::uuid, $10::int4, $11::text, $12::text, $13::bytea, r.subscriber
    FROM created AS c, contact.outbox_route AS r WHERE r.kind = $11::text
)
SELECT member_id FROM created
