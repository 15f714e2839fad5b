-- What members are told.

-- include: common/queue/queue_tables.sql
-- include: common/idempotency/idempotency_tables.sql
-- include: common/housekeeping/housekeeping_tables.sql

-- One row per member who was ever told anything: the number of her newest notification. Whoever
-- numbers a notification holds this row's lock until commit, so that numbers become visible in
-- their order. That is what lets a reader go on "after number n" without ever missing one.
CREATE TABLE notification.mailbox (
    member_id uuid PRIMARY KEY,
    last_seq bigint NOT NULL
);

CREATE TABLE notification.notification (
    member_id uuid NOT NULL,
    id uuid NOT NULL, -- the event's id: one event tells one member one thing, once
    seq bigint NOT NULL,
    kind smallint NOT NULL, -- enum NotificationKind
    subject_id uuid NOT NULL, -- the ask or invitation
    actor_id uuid NOT NULL, -- the member who caused it
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    PRIMARY KEY (member_id, id),
    UNIQUE (member_id, seq)
);

CREATE INDEX notification_unread ON notification.notification (member_id, seq)
    WHERE read_at IS NULL;
CREATE INDEX notification_age ON notification.notification (read_at) WHERE read_at IS NOT NULL;
