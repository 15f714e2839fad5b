-- A fact of its own is deleted; one that stands for company or position empties that.
WITH deleted AS (
    DELETE FROM contact.fact
    WHERE member_id = $1::uuid AND contact_id = $2::uuid AND fact_id = $3::uuid
    RETURNING member_id
), stands AS (
    SELECT kind FROM contact.v1_fact
    WHERE member_id = $1::uuid AND contact_id = $2::uuid AND fact_id = $3::uuid
        AND NOT EXISTS (SELECT FROM deleted)
), emptied AS (
    UPDATE contact.contact AS c
    SET company = CASE s.kind WHEN 1 THEN '' ELSE c.company END,
        company_fold = CASE s.kind WHEN 1 THEN '' ELSE c.company_fold END,
        position = CASE s.kind WHEN 2 THEN '' ELSE c.position END,
        position_fold = CASE s.kind WHEN 2 THEN '' ELSE c.position_fold END
    FROM stands AS s
    WHERE c.member_id = $1::uuid AND c.contact_id = $2::uuid
    RETURNING c.member_id
), removed AS (
    SELECT member_id FROM deleted UNION ALL SELECT member_id FROM emptied
), queued AS (
    INSERT INTO contact.outbox (member_id, id, bucket, kind, traceparent, payload, subscriber)
    SELECT x.member_id, $4::uuid, $5::int4, $6::text, $7::text, $8::bytea, r.subscriber
    FROM removed AS x, contact.outbox_route AS r WHERE r.kind = $6::text
)
SELECT
    EXISTS (SELECT FROM removed) AS is_removed,
    EXISTS (
        SELECT FROM contact.contact WHERE member_id = $1::uuid AND contact_id = $2::uuid
    ) AS has_contact
