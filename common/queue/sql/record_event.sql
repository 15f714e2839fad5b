-- No row: its effect is committed already. A twin under way is waited for.
INSERT INTO inbox (member_id, event_id, bucket)
VALUES ($1::uuid, $2::uuid, $3::int4)
ON CONFLICT (member_id, event_id) DO NOTHING
RETURNING event_id;
