-- Keyed: imports $2 of members $1.
SELECT i.state, i.format, i.is_dry_run, i.bytes_received, i.n_rows, i.n_created, i.n_updated,
    i.n_unchanged, i.n_skipped, i.n_closed, i.n_weak, i.n_incomplete, i.failure_reason,
    i.failure_message, i.import_id, i.file_name, i.started_at, k.ord
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k (member_id, import_id, ord)
JOIN contact.import AS i ON i.member_id = k.member_id AND i.import_id = k.import_id
WHERE k.ord BETWEEN 1 AND 64
ORDER BY k.ord
