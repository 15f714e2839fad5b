SELECT fact_id, kind, value, 3 AS source, confidence
FROM contact.member_fact
WHERE member_id = $1::uuid
ORDER BY fact_id
