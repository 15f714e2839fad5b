SELECT row_number, reason
FROM contact.import_skip
WHERE member_id = $1::uuid AND import_id = $2::uuid
ORDER BY row_number
