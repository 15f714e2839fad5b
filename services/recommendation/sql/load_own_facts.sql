-- What $1 says of herself.
SELECT f.kind, f.value
FROM contact.v1_member_fact AS f
WHERE f.member_id = $1::uuid
ORDER BY 1, 2
