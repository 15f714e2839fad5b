SELECT
    c.contact_id, c.name, c.email, c.profile_url, c.company, c.position, c.connected_at,
    c.linked_member_id, t.contact_id IS NOT NULL AS is_connected, c.name_fold
FROM contact.contact AS c
LEFT JOIN contact.tie AS t ON t.member_id = c.member_id AND t.contact_id = c.contact_id
WHERE c.member_id = $1::uuid AND c.contact_id = $2::uuid
