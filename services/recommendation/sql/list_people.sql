-- Those of the contacts $2 that are in the address book of $1, as they stand there now.
SELECT c.contact_id, c.name, c.company, c.position, c.linked_member_id
FROM contact.v1_contact AS c
WHERE c.member_id = $1::uuid AND c.contact_id = ANY ($2::uuid[])
