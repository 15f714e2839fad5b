-- Changes that touch several members wait for one another here; in one order, so that no two wait
-- for each other.
SELECT member_id
FROM contact.member
WHERE member_id = ANY($1::uuid[])
ORDER BY member_id
FOR NO KEY UPDATE
