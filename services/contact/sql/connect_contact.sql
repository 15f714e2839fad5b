-- The owner's side of a new connection: her contact $2, made under this id and name if she has none,
-- becomes linked and connected. No row: the contact was linked to somebody else meanwhile.
WITH entry AS (
    INSERT INTO contact.contact AS c (member_id, contact_id, name, name_fold, linked_member_id)
    VALUES ($1::uuid, $2::uuid, $4::text, $5::text, $3::uuid)
    ON CONFLICT (member_id, contact_id) DO UPDATE SET linked_member_id = $3::uuid
    WHERE c.linked_member_id IS NULL OR c.linked_member_id = $3::uuid
    RETURNING c.member_id, c.contact_id
), tie AS (
    INSERT INTO contact.tie (member_id, contact_id)
    SELECT member_id, contact_id FROM entry
    ON CONFLICT (member_id, contact_id) DO NOTHING
), queued AS (
    INSERT INTO contact.outbox (member_id, id, bucket, kind, traceparent, payload, subscriber)
    SELECT e.member_id, $6::uuid, $7::int4, $8::text, $9::text, $10::bytea, r.subscriber
    FROM entry AS e, contact.outbox_route AS r WHERE r.kind = $8::text
)
SELECT contact_id FROM entry
