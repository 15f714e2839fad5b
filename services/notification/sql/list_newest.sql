-- The number of the newest notification of each of these members.
SELECT m.member_id, m.last_seq
FROM notification.mailbox m
WHERE m.member_id = ANY ($1::uuid[])
