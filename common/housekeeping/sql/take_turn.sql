-- No row: it is not time yet, or another instance was quicker.
INSERT INTO housekeeping (task, due_at)
VALUES ($1::text, now() + $2::int8 * interval '1 millisecond')
ON CONFLICT (task) DO UPDATE
SET due_at = EXCLUDED.due_at
WHERE housekeeping.due_at <= now()
RETURNING task;
