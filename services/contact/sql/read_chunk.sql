-- The first chunk at or behind $3.
SELECT start, bytes
FROM contact.import_chunk
WHERE member_id = $1::uuid AND import_id = $2::uuid AND start >= $3::int8
ORDER BY start
LIMIT 1
