SELECT row_number, column_name, reason
FROM contact.import_gap
WHERE member_id = $1::uuid AND import_id = $2::uuid
ORDER BY row_number, column_name
