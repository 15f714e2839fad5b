-- The owner's contact that is this member: linked to her; else $3, the one she was taken for; else
-- one with the address she proved.
SELECT c.contact_id
FROM contact.contact AS c
WHERE c.member_id = $1::uuid
    AND (
        c.linked_member_id = $2::uuid
        OR (c.linked_member_id IS NULL AND (c.contact_id = $3::uuid OR c.email = (
            SELECT m.email FROM contact.member AS m
            WHERE m.member_id = $2::uuid AND m.is_email_verified
        )))
    )
ORDER BY c.linked_member_id IS NULL, c.contact_id IS DISTINCT FROM $3::uuid, c.contact_id
LIMIT 1
