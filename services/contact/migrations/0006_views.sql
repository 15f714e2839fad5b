-- What other services may read. A view keeps its columns; a change makes a v2 beside it.

CREATE VIEW contact.v1_token AS
SELECT h.token_hash, t.token_id, t.member_id, t.scopes, t.expires_at
FROM contact.token_hash AS h
JOIN contact.token AS t ON t.member_id = h.member_id AND t.token_id = h.token_id
WHERE t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now());

CREATE VIEW contact.v1_member AS
SELECT member_id, name, time_zone, created_at
FROM contact.member;

CREATE VIEW contact.v1_contact AS
SELECT
    c.member_id, c.contact_id, c.name, c.company, c.position, c.linked_member_id,
    t.contact_id IS NOT NULL AS is_connected,
    least(c.connected_at, t.connected_at) AS connected_at -- here or elsewhere, whichever came first
FROM contact.contact AS c
LEFT JOIN contact.tie AS t ON t.member_id = c.member_id AND t.contact_id = c.contact_id;

-- Company and position of an entry count as statements too; their ids follow from the contact's.
CREATE VIEW contact.v1_fact AS
SELECT member_id, contact_id, fact_id, kind, value, source, confidence
FROM contact.fact
UNION ALL
SELECT member_id, contact_id, md5('employer' || contact_id)::uuid, 1, company, 2, 1.0
FROM contact.contact WHERE company <> ''
UNION ALL
SELECT member_id, contact_id, md5('title' || contact_id)::uuid, 2, position, 2, 1.0
FROM contact.contact WHERE position <> '';

CREATE VIEW contact.v1_member_fact AS
SELECT member_id, fact_id, kind, value, confidence
FROM contact.member_fact;

GRANT USAGE ON SCHEMA contact TO recommendation, notification;
GRANT SELECT ON contact.v1_token, contact.v1_member, contact.v1_contact, contact.v1_fact,
    contact.v1_member_fact TO recommendation, notification;
REVOKE INSERT, UPDATE, DELETE ON contact.v1_token, contact.v1_member, contact.v1_contact,
    contact.v1_fact, contact.v1_member_fact FROM contact;
