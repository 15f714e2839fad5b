-- Both sides of the invitation, and word to its sender. $4: the contact it is about for the sender,
-- $5: for who accepts.
WITH sent AS (
    UPDATE contact.invitation
    SET state = 2, answered_by = $3::uuid, contact_id = $4::uuid
    WHERE member_id = $1::uuid AND invitation_id = $2::uuid
    RETURNING member_id, invitation_id, note, sent_at, expires_at
), received AS (
    INSERT INTO contact.invitation
        (member_id, invitation_id, is_outgoing, other_member_id, contact_id, note, code, state,
        sent_at, expires_at)
    SELECT $3::uuid, invitation_id, false, member_id, $5::uuid, note, '', 2, sent_at, expires_at
    FROM sent
    ON CONFLICT (member_id, invitation_id) DO UPDATE SET state = 2, contact_id = $5::uuid
)
INSERT INTO contact.outbox (member_id, id, bucket, kind, traceparent, payload, subscriber)
SELECT s.member_id, $6::uuid, $7::int4, $8::text, $9::text, $10::bytea, r.subscriber
FROM sent AS s, contact.outbox_route AS r WHERE r.kind = $8::text
