-- What $1 has stated of her contacts, and what they say of themselves if they are members. Ordered,
-- so that the same facts always make the same network.
SELECT f.contact_id, f.kind, f.value, f.confidence
FROM contact.v1_fact AS f
WHERE f.member_id = $1::uuid
UNION ALL
SELECT c.contact_id, m.kind, m.value, m.confidence
FROM contact.v1_contact AS c
JOIN contact.v1_member_fact AS m ON m.member_id = c.linked_member_id
WHERE c.member_id = $1::uuid
ORDER BY 1, 2, 3
