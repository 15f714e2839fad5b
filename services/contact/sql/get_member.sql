-- One row per fact, or one without; a member and her facts are of one moment.
SELECT
    m.name, m.email, m.is_email_verified, m.time_zone, m.created_at,
    f.fact_id, f.kind, f.value, 3 AS source, f.confidence
FROM contact.member AS m
LEFT JOIN contact.member_fact AS f ON f.member_id = m.member_id
WHERE m.member_id = $1::uuid
ORDER BY f.fact_id
