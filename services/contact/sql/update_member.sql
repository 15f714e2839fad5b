-- NULL name or time zone: it stays.
WITH changed AS (
    UPDATE contact.member
    SET name = coalesce($2::text, name), time_zone = coalesce($3::text, time_zone)
    WHERE member_id = $1::uuid
    RETURNING member_id
), removed AS (
    DELETE FROM contact.member_fact
    WHERE member_id = $1::uuid AND fact_id = ANY ($4::uuid[])
)
INSERT INTO contact.outbox (member_id, id, bucket, kind, traceparent, payload, subscriber)
SELECT c.member_id, $5::uuid, $6::int4, $7::text, $8::text, $9::bytea, r.subscriber
FROM changed AS c, contact.outbox_route AS r WHERE r.kind = $7::text
