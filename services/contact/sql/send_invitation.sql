-- No row: one to this contact is open. $4 is the member the contact is linked to, or NULL.
WITH sent AS (
    INSERT INTO contact.invitation
        (member_id, invitation_id, is_outgoing, other_member_id, contact_id, note, code, state,
        sent_at, expires_at)
    VALUES ($1::uuid, $2::uuid, true, $4::uuid, $3::uuid, $6::text, $5::text, 1,
        $7::timestamptz, $8::timestamptz)
    ON CONFLICT (member_id, contact_id) WHERE is_outgoing AND state = 1 DO NOTHING
    RETURNING member_id, invitation_id
), code AS (
    INSERT INTO contact.invitation_code (code, member_id, invitation_id)
    SELECT $5::text, member_id, invitation_id FROM sent
), received AS (
    INSERT INTO contact.invitation
        (member_id, invitation_id, is_outgoing, other_member_id, contact_id, note, code, state,
        sent_at, expires_at)
    SELECT $4::uuid, s.invitation_id, false, s.member_id, c.contact_id, $6::text, '', 1,
        $7::timestamptz, $8::timestamptz
    FROM sent AS s
    LEFT JOIN contact.contact AS c ON c.member_id = $4::uuid AND c.linked_member_id = s.member_id
    WHERE $4::uuid IS NOT NULL
    RETURNING member_id
), queued AS (
    INSERT INTO contact.outbox (member_id, id, bucket, kind, traceparent, payload, subscriber)
    SELECT x.member_id, $9::uuid, $10::int4, $11::text, $12::text, $13::bytea, r.subscriber
    FROM received AS x, contact.outbox_route AS r WHERE r.kind = $11::text
)
SELECT invitation_id FROM sent
