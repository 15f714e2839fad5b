-- The chunk that continues an upload, or begins one. No row: it does neither. The first chunk also
-- sweeps away uploads given up more than a day ago; beside four younger ones, unfinished, none
-- begins. That bounds what unfinished uploads store; firsts at the same instant may just exceed it.
WITH given_up AS (
    SELECT import_id FROM contact.import
    WHERE member_id = $1::uuid AND import_id <> $2::uuid AND $6::int8 = 0 AND state = 1
        AND started_at < now() - interval '1 day'
), swept_chunks AS (
    DELETE FROM contact.import_chunk AS c
    USING given_up AS g
    WHERE c.member_id = $1::uuid AND c.import_id = g.import_id
), swept AS (
    DELETE FROM contact.import AS i
    USING given_up AS g
    WHERE i.member_id = $1::uuid AND i.import_id = g.import_id
), taken AS (
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
