-- Reference, keyed by the value: what the sentence encoder made of a text. Whose text it is, is
-- not known here, nor the text itself.
CREATE TABLE recommendation.meaning (
    text_hash bytea NOT NULL,
    model text NOT NULL, -- vectors of different models can not be compared
    vector bytea NOT NULL,
    hubness float8 NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(), -- within a week
    PRIMARY KEY (text_hash, model)
);
CREATE INDEX meaning_age ON recommendation.meaning (used_at);
