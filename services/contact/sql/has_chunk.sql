SELECT EXISTS (
    SELECT FROM contact.import_chunk
    WHERE member_id = $1::uuid AND import_id = $2::uuid AND start = $3::int8
        AND bytes = $4::bytea
)
