-- Questions, who was asked and why, and what came back.

-- include: common/queue/queue_tables.sql
-- include: common/idempotency/idempotency_tables.sql
-- include: common/housekeeping/housekeeping_tables.sql

INSERT INTO outbox_route (kind, subscriber) VALUES
    ('kith.v1.AskReceived', 'notification'),
    ('kith.v1.AskAnswered', 'notification'),
    ('kith.v1.AskPassed', 'notification');

-- A routing decision with everything its score can be computed from again.
CREATE TABLE recommendation.decision (
    member_id uuid NOT NULL, -- who asked
    decision_id uuid NOT NULL,
    question text NOT NULL,
    decided_at timestamptz NOT NULL,
    considered int8 NOT NULL, -- contacts looked at
    record bytea NOT NULL, -- kith.v1.DecisionRecord
    is_asked bool NOT NULL, -- an ask follows it; others are previews, and go after a while
    PRIMARY KEY (member_id, decision_id)
);
CREATE INDEX decision_preview ON recommendation.decision (decided_at) WHERE NOT is_asked;

-- The asker's side of an ask. Where it stands follows from its targets.
CREATE TABLE recommendation.ask (
    member_id uuid NOT NULL, -- who asks
    ask_id uuid NOT NULL,
    question text NOT NULL,
    asked_at timestamptz NOT NULL,
    decision_id uuid NOT NULL,
    PRIMARY KEY (member_id, ask_id),
    FOREIGN KEY (member_id, decision_id) REFERENCES recommendation.decision
);

CREATE TABLE recommendation.target (
    member_id uuid NOT NULL, -- who asks
    ask_id uuid NOT NULL,
    contact_id uuid NOT NULL, -- of the asker
    target_member_id uuid NOT NULL,
    state int8 NOT NULL, -- enum TargetState
    reason text NOT NULL,
    reacted_at timestamptz,
    PRIMARY KEY (member_id, ask_id, contact_id),
    FOREIGN KEY (member_id, ask_id) REFERENCES recommendation.ask
);
CREATE INDEX target_by_contact ON recommendation.target (member_id, contact_id);

CREATE TABLE recommendation.answer (
    member_id uuid NOT NULL, -- who asked
    answer_id uuid NOT NULL,
    ask_id uuid NOT NULL,
    by_member_id uuid NOT NULL,
    text text NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, answer_id),
    FOREIGN KEY (member_id, ask_id) REFERENCES recommendation.ask
);
CREATE INDEX answer_by_ask ON recommendation.answer (member_id, ask_id);

-- The side of who is asked: what lies in her hands, and what she said.
CREATE TABLE recommendation.received (
    member_id uuid NOT NULL, -- who is asked
    ask_id uuid NOT NULL,
    asker_id uuid NOT NULL,
    question text NOT NULL,
    asked_at timestamptz NOT NULL,
    state int8 NOT NULL, -- enum TargetState
    reacted_at timestamptz,
    PRIMARY KEY (member_id, ask_id)
);

CREATE TABLE recommendation.given_answer (
    member_id uuid NOT NULL, -- who answered
    answer_id uuid NOT NULL,
    ask_id uuid NOT NULL,
    text text NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, answer_id),
    FOREIGN KEY (member_id, ask_id) REFERENCES recommendation.received
);
CREATE INDEX given_answer_by_ask ON recommendation.given_answer (member_id, ask_id);

-- What other services may read. A view keeps its columns; a change makes a v2 beside it.
CREATE VIEW recommendation.v1_ask AS
SELECT member_id, ask_id, question, asked_at
FROM recommendation.ask;

GRANT USAGE ON SCHEMA recommendation TO notification;
GRANT SELECT ON recommendation.v1_ask TO notification;
REVOKE INSERT, UPDATE, DELETE ON recommendation.v1_ask FROM recommendation;
