-- Tables of common/queue, in the schema of every service that emits or takes events. A migration
-- includes this file by its name and adds its rows of outbox_route.

-- Events not yet acknowledged, one row per subscriber; deleted once they are. The row is the truth.
CREATE TABLE outbox (
    member_id uuid NOT NULL,
    id uuid NOT NULL,
    subscriber text NOT NULL,
    bucket int4 NOT NULL CHECK (bucket BETWEEN 0 AND 63),
    kind text NOT NULL,
    traceparent text NOT NULL,
    payload bytea NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    attempts int4 NOT NULL DEFAULT 0, -- deliveries that failed
    retry_at timestamptz, -- not before then; NULL: now
    PRIMARY KEY (member_id, id, subscriber)
);
CREATE INDEX outbox_unsent ON outbox (bucket, subscriber, id);

-- Events that were given up, each with its cause, until somebody redrives them or they are too old.
CREATE TABLE dead_letter (
    member_id uuid NOT NULL,
    id uuid NOT NULL,
    subscriber text NOT NULL,
    bucket int4 NOT NULL,
    kind text NOT NULL,
    traceparent text NOT NULL,
    payload bytea NOT NULL,
    occurred_at timestamptz NOT NULL,
    attempts int4 NOT NULL,
    reason text NOT NULL, -- constant of common/err/reasons.h, as the subscriber gave it
    message text NOT NULL,
    died_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, id, subscriber)
);
CREATE INDEX dead_letter_age ON dead_letter (died_at);

-- Reference: who is told of which kind of event. A statement that changes state writes:
--     INSERT INTO contact.outbox (member_id, id, bucket, kind, traceparent, payload, subscriber)
--     SELECT $1::uuid, $2::uuid, $3::int4, $4::text, $5::text, $6::bytea, r.subscriber
--     FROM contact.outbox_route AS r WHERE r.kind = $4::text
CREATE TABLE outbox_route (
    kind text NOT NULL,
    subscriber text NOT NULL,
    PRIMARY KEY (kind, subscriber)
);

-- Reference: which relay may read and delete the rows of a bucket, until when. The epoch grows by
-- one with every change of owner; a statement that names an old one finds no row.
CREATE TABLE bucket_owner (
    bucket int4 PRIMARY KEY,
    owner text,
    epoch int8 NOT NULL DEFAULT 0,
    leased_until timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO bucket_owner (bucket) SELECT generate_series(0, 63);

-- Reference: relays that are alive, so that they can share the buckets fairly. The generation grows
-- with every process that takes the name; an older process of that name may do nothing any more.
CREATE TABLE bucket_relay (
    owner text PRIMARY KEY,
    generation int8 NOT NULL DEFAULT 1,
    seen_until timestamptz NOT NULL
);

-- Events whose effect is committed: written in the transaction of the effect, kept for a week.
CREATE TABLE inbox (
    member_id uuid NOT NULL,
    event_id uuid NOT NULL,
    bucket int4 NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, event_id)
);
CREATE INDEX inbox_age ON inbox (received_at);

-- Who reads these may not redirect events or make buckets.
DO $$
BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON outbox_route FROM %I', current_schema());
    EXECUTE format('REVOKE INSERT, DELETE ON bucket_owner FROM %I', current_schema());
END
$$;
