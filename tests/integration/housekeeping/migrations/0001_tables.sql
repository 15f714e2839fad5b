-- include: common/queue/queue_tables.sql
-- include: common/idempotency/idempotency_tables.sql
-- include: common/housekeeping/housekeeping_tables.sql
CREATE TABLE note (
    member_id uuid PRIMARY KEY,
    written_at timestamptz NOT NULL
);
