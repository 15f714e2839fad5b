-- The chunk that continues an upload, or begins one. No row: it does neither. Beside four that are
-- younger than a day and unfinished, none begins. That bounds what unfinished uploads store; firsts
-- at the same instant may just exceed it.
WITH taken AS (
    INSERT INTO contact.import AS i
        (member_id, import_id, state, format, is_dry_run, file_name, bytes_received)
    SELECT $1::uuid, $2::uuid, 1, $3::int4, $4::bool, $5::text, octet_length($7::bytea)
    WHERE EXISTS (
        SELECT FROM contact.import WHERE member_id = $1::uuid AND import_id = $2::uuid
    ) OR ($6::int8 = 0 AND 4 > (
        SELECT count(*) FROM contact.import
        WHERE member_id = $1::uuid AND state = 1 AND started_at >= now() - interval '1 day'
    ))
    ON CONFLICT (member_id, import_id) DO UPDATE
    SET bytes_received = i.bytes_received + octet_length($7::bytea)
    WHERE i.state = 1 AND i.bytes_received = $6::int8
        AND i.format = $3::int4 AND i.is_dry_run = $4::bool
    RETURNING i.member_id, i.import_id, i.bytes_received
), stored AS (
    INSERT INTO contact.import_chunk (member_id, import_id, start, bytes)
    SELECT member_id, import_id, $6::int8, $7::bytea
    FROM taken WHERE octet_length($7::bytea) > 0
)
SELECT bytes_received FROM taken
