-- Keyed: contacts $2 of members $1. Columns as in list_contacts.
SELECT
    c.contact_id, c.name, c.email, c.profile_url, c.company, c.position, c.connected_at,
    c.linked_member_id, t.contact_id IS NOT NULL AS is_connected, c.name_fold, k.ord
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k (member_id, contact_id, ord)
JOIN contact.contact AS c ON c.member_id = k.member_id AND c.contact_id = k.contact_id
LEFT JOIN contact.tie AS t ON t.member_id = c.member_id AND t.contact_id = c.contact_id
WHERE k.ord BETWEEN 1 AND 64
ORDER BY k.ord
