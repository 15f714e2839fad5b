-- Uploads that were begun before $1 and never finished, with what came of them; $2 at most. The
-- row of the import is locked first, as a chunk that arrives now would lock it.
WITH old AS (
    SELECT member_id, import_id
    FROM contact.import
    WHERE state = 1 AND started_at < $1::timestamptz
    ORDER BY started_at
    LIMIT $2::int8
    FOR UPDATE
), chunks AS (
    DELETE FROM contact.import_chunk AS c
    USING old AS o
    WHERE c.member_id = o.member_id AND c.import_id = o.import_id
), gone AS (
    DELETE FROM contact.import AS i
    USING old AS o
    WHERE i.member_id = o.member_id AND i.import_id = o.import_id
    RETURNING i.import_id
)
SELECT count(*) FROM gone
