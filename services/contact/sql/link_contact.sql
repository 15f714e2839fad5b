-- No row: it is linked to somebody else, or another contact is linked to that member.
WITH linked AS (
    UPDATE contact.contact AS c
    SET linked_member_id = $3::uuid
    WHERE c.member_id = $1::uuid AND c.contact_id = $2::uuid AND c.linked_member_id IS NULL
        AND NOT EXISTS (
            SELECT FROM contact.contact AS other
            WHERE other.member_id = $1::uuid AND other.linked_member_id = $3::uuid
        )
    RETURNING c.member_id
), queued AS (
    INSERT INTO contact.outbox (member_id, id, bucket, kind, traceparent, payload, subscriber)
    SELECT l.member_id, $4::uuid, $5::int4, $6::text, $7::text, $8::bytea, r.subscriber
    FROM linked AS l, contact.outbox_route AS r WHERE r.kind = $6::text
)
SELECT member_id FROM linked
