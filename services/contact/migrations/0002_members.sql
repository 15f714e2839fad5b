CREATE TABLE contact.member (
    member_id uuid PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL, -- lower case
    is_email_verified bool NOT NULL,
    time_zone text NOT NULL, -- IANA name
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Reference, keyed by the value: who proved that an address is hers. Claims nobody proved are not
-- in it, so nobody can occupy another person's address or find out that it is a member's.
CREATE TABLE contact.member_email (
    email text PRIMARY KEY,
    member_id uuid NOT NULL
);

CREATE TABLE contact.member_fact (
    member_id uuid NOT NULL REFERENCES contact.member,
    fact_id uuid NOT NULL,
    kind int4 NOT NULL,
    value text NOT NULL,
    value_fold text NOT NULL, -- without case and accents
    confidence float8 NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, fact_id),
    UNIQUE (member_id, kind, value_fold)
);

CREATE TABLE contact.token (
    member_id uuid NOT NULL REFERENCES contact.member,
    token_id uuid NOT NULL,
    label text NOT NULL,
    scopes int8 NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz, -- NULL: never
    revoked_at timestamptz,
    PRIMARY KEY (member_id, token_id)
);

CREATE INDEX token_age ON contact.token (least(revoked_at, expires_at));

-- Reference, keyed by the value: SHA-256 of a token's text. The text itself is stored nowhere.
CREATE TABLE contact.token_hash (
    token_hash bytea PRIMARY KEY,
    member_id uuid NOT NULL,
    token_id uuid NOT NULL
);
CREATE INDEX token_hash_by_token ON contact.token_hash (member_id, token_id);
