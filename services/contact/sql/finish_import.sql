-- The report, in place of the file; and, unless nothing changed, word to the subscribers.
WITH finished AS (
    UPDATE contact.import
    SET state = $3::int4, n_rows = $4::int8, n_created = $5::int8, n_updated = $6::int8,
        n_unchanged = $7::int8, n_skipped = $8::int8, n_closed = $9::int8, n_weak = $10::int8,
        n_incomplete = $11::int8, failure_reason = $12::text, failure_message = $13::text,
        finished_at = now()
    WHERE member_id = $1::uuid AND import_id = $2::uuid AND state = 1
    RETURNING member_id, import_id, state = 2 AND NOT is_dry_run AND n_created + n_updated > 0
        AS has_changed
), skips AS (
    INSERT INTO contact.import_skip (member_id, import_id, row_number, reason)
    SELECT f.member_id, f.import_id, s.row_number, s.reason
    FROM finished AS f, unnest($14::int8[], $15::text[]) AS s (row_number, reason)
), gaps AS (
    INSERT INTO contact.import_gap (member_id, import_id, row_number, column_name, reason)
    SELECT f.member_id, f.import_id, g.row_number, g.column_name, g.reason
    FROM finished AS f,
        unnest($16::int8[], $17::text[], $18::text[]) AS g (row_number, column_name, reason)
), chunks AS (
    DELETE FROM contact.import_chunk AS c
    USING finished AS f
    WHERE c.member_id = $1::uuid AND c.import_id = $2::uuid AND f.import_id = c.import_id
), queued AS (
    INSERT INTO contact.outbox (member_id, id, bucket, kind, traceparent, payload, subscriber)
    SELECT f.member_id, $19::uuid, $20::int4, $21::text, $22::text, $23::bytea, r.subscriber
    FROM finished AS f, contact.outbox_route AS r WHERE r.kind = $21::text AND f.has_changed
)
SELECT import_id FROM finished
