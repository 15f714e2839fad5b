-- Table of common/idempotency, in the schema of every service; a migration includes this file by
-- its name. The replies of calls that carried an idempotency key, written in the call's transaction.
CREATE TABLE idempotency (
    member_id uuid NOT NULL, -- the caller; zero: the operator, all ones: services, a hash: nobody's call
    key text NOT NULL,
    method int8 NOT NULL, -- hash of the method's full name
    request_hash bytea NOT NULL,
    reply bytea, -- NULL only while its transaction is open
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);
