-- No row: there is no upload of hers that is not finished.
WITH cancelled AS (
    DELETE FROM contact.import
    WHERE member_id = $1::uuid AND import_id = $2::uuid AND state = 1
    RETURNING import_id
), chunks AS (
    DELETE FROM contact.import_chunk AS c
    USING cancelled AS g
    WHERE c.member_id = $1::uuid AND c.import_id = g.import_id
)
SELECT import_id FROM cancelled
