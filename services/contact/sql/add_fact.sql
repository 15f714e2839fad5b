WITH entry AS (
    SELECT contact_id, CASE $4::int4 WHEN 1 THEN company_fold WHEN 2 THEN position_fold END AS known
    FROM contact.contact
    WHERE member_id = $1::uuid AND contact_id = $2::uuid
), added AS (
    INSERT INTO contact.fact
        (member_id, fact_id, contact_id, kind, value, value_fold, source, confidence)
    SELECT $1::uuid, $3::uuid, contact_id, $4::int4, $5::text, $6::text, 1, $7::float8
    FROM entry WHERE known IS DISTINCT FROM $6::text
    ON CONFLICT (member_id, contact_id, kind, value_fold) DO NOTHING
    RETURNING member_id
), queued AS (
    INSERT INTO contact.outbox (member_id, id, bucket, kind, traceparent, payload, subscriber)
    SELECT a.member_id, $8::uuid, $9::int4, $10::text, $11::text, $12::bytea, r.subscriber
    FROM added AS a, contact.outbox_route AS r WHERE r.kind = $10::text
)
SELECT EXISTS (SELECT FROM entry) AS has_contact, EXISTS (SELECT FROM added) AS is_new
