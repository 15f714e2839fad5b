-- Reference: whose invitation this is.
SELECT member_id, invitation_id
FROM contact.invitation_code
WHERE code = $1::text
