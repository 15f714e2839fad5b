-- The newest first, from every bucket: the operator's page.
SELECT id, subscriber, member_id, kind, occurred_at, attempts, reason, message, died_at
FROM dead_letter
ORDER BY died_at DESC, id
LIMIT $1::int8;
