-- The chunk that continues an upload, or begins one. No row: it does neither, as when the upload was
-- given up meanwhile. Beside four that are younger than a day and unfinished, none begins. That
-- bounds what unfinished uploads store; firsts at the same instant may just exceed it.
WITH continued AS (
    UPDATE contact.import
    SET bytes_received = bytes_received + octet_length($7::bytea)
    WHERE member_id = $1::uuid AND import_id = $2::uuid
        AND state = 1 AND bytes_received = $6::int8
        AND format = $3::int4 AND is_dry_run = $4::bool
    RETURNING member_id, import_id, bytes_received
), begun AS (
    INSERT INTO contact.import
        (member_id, import_id, state, format, is_dry_run, file_name, bytes_received)
    SELECT $1::uuid, $2::uuid, 1, $3::int4, $4::bool, $5::text, octet_length($7::bytea)
    WHERE $6::int8 = 0 AND NOT EXISTS (SELECT FROM continued) AND 4 > (
        SELECT count(*) FROM contact.import
        WHERE member_id = $1::uuid AND state = 1 AND started_at >= now() - interval '1 day'
    )
    ON CONFLICT (member_id, import_id) DO NOTHING
    RETURNING member_id, import_id, bytes_received
), taken AS (
    SELECT member_id, import_id, bytes_received FROM continued
    UNION ALL
    SELECT member_id, import_id, bytes_received FROM begun
), stored AS (
    INSERT INTO contact.import_chunk (member_id, import_id, start, bytes)
    SELECT member_id, import_id, $6::int8, $7::bytea
    FROM taken WHERE octet_length($7::bytea) > 0
)
SELECT bytes_received FROM taken
