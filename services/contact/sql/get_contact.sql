-- Keyed: contacts $2 of members $1. One row per fact, at most a thousand of them, or one without; the
-- columns before are as in list_contacts, the order of facts as in list_facts.
SELECT
    c.contact_id, c.name, c.email, c.profile_url, c.company, c.position, c.connected_at,
    c.linked_member_id, t.contact_id IS NOT NULL AS is_connected, c.name_fold,
    f.fact_id, f.kind, f.value, f.source, f.confidence, k.ord
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k (member_id, contact_id, ord)
JOIN contact.contact AS c ON c.member_id = k.member_id AND c.contact_id = k.contact_id
LEFT JOIN contact.tie AS t ON t.member_id = c.member_id AND t.contact_id = c.contact_id
LEFT JOIN LATERAL (
    SELECT v.fact_id, v.kind, v.value, v.source, v.confidence
    FROM contact.v1_fact AS v
    WHERE v.member_id = c.member_id AND v.contact_id = c.contact_id
    ORDER BY v.source DESC, v.kind, v.fact_id
    LIMIT 1000
) AS f ON true
WHERE k.ord BETWEEN 1 AND 64
ORDER BY k.ord, f.source DESC, f.kind, f.fact_id
