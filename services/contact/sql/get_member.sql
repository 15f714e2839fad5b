SELECT name, email, is_email_verified, time_zone, created_at
FROM contact.member
WHERE member_id = $1::uuid
