-- An entry in the address book of member_id. "fold" is text without case and accents: what lists are
-- sorted and searched by, and what a person without address is recognised by. No foreign key to the
-- member: checking it took a sixth of an import, and whoever writes here took her id from a token.
CREATE TABLE contact.contact (
    member_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL DEFAULT '', -- lower case
    profile_url text NOT NULL DEFAULT '', -- normalised
    company text NOT NULL DEFAULT '',
    position text NOT NULL DEFAULT '',
    name_fold text COLLATE "C" NOT NULL,
    company_fold text COLLATE "C" NOT NULL DEFAULT '',
    position_fold text COLLATE "C" NOT NULL DEFAULT '',
    connected_at timestamptz, -- with the owner, elsewhere
    linked_member_id uuid, -- who she is here
    import_id uuid, -- what brought her; NULL: not an import
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, contact_id)
);
CREATE INDEX contact_by_name ON contact.contact (member_id, name_fold, contact_id);
CREATE INDEX contact_by_suffix ON contact.contact (member_id, right(contact_id::text, 8));
CREATE INDEX contact_by_email ON contact.contact (member_id, email) WHERE email <> '';
CREATE UNIQUE INDEX contact_by_profile ON contact.contact (member_id, profile_url) WHERE profile_url <> '';
CREATE UNIQUE INDEX contact_by_link ON contact.contact (member_id, linked_member_id)
    WHERE linked_member_id IS NOT NULL;

-- What the owner states about a contact. Company and position of the entry are not repeated here;
-- the view v1_fact has both.
CREATE TABLE contact.fact (
    member_id uuid NOT NULL,
    fact_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    kind int4 NOT NULL,
    value text NOT NULL,
    value_fold text NOT NULL,
    source int4 NOT NULL,
    confidence float8 NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, fact_id),
    UNIQUE (member_id, contact_id, kind, value_fold),
    FOREIGN KEY (member_id, contact_id) REFERENCES contact.contact
);
CREATE INDEX fact_by_tag ON contact.fact (member_id, value_fold) WHERE kind = 11;

-- The relation of member_id to her contact, once per side; today only that both confirmed it.
CREATE TABLE contact.tie (
    member_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    connected_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (member_id, contact_id),
    FOREIGN KEY (member_id, contact_id) REFERENCES contact.contact
);
