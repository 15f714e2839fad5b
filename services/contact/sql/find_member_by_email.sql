-- The member whose proven address a contact has, if that member's address book has the caller's own
-- proven address too. One side alone must not do: typing addresses into one's book and linking them
-- would tell which of them belong to members.
SELECT e.member_id
FROM contact.contact AS c
JOIN contact.member_email AS e ON e.email = c.email
JOIN contact.member AS caller ON caller.member_id = c.member_id
WHERE c.member_id = $1::uuid AND c.contact_id = $2::uuid AND e.member_id <> $1::uuid
    AND caller.is_email_verified
    AND EXISTS (
        SELECT FROM contact.contact AS back
        WHERE back.member_id = e.member_id AND back.email = caller.email
    )
