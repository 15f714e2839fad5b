SELECT state, format, is_dry_run, bytes_received, n_rows, n_created, n_updated, n_unchanged,
    n_skipped, n_closed, n_weak, n_incomplete, failure_reason, failure_message, import_id,
    file_name, started_at
FROM contact.import
WHERE member_id = $1::uuid AND import_id = $2::uuid
