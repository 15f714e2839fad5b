-- Keyed: members $1. One row per fact, or one without; a member and her facts are of one moment.
SELECT
    m.name, m.email, m.is_email_verified, m.time_zone, m.created_at,
    f.fact_id, f.kind, f.value, 3 AS source, f.confidence, k.ord
FROM unnest($1::uuid[]) WITH ORDINALITY AS k (member_id, ord)
JOIN contact.member AS m ON m.member_id = k.member_id
LEFT JOIN contact.member_fact AS f ON f.member_id = m.member_id
WHERE k.ord BETWEEN 1 AND 64
ORDER BY k.ord, f.fact_id
