CREATE TABLE contact.import (
    member_id uuid NOT NULL REFERENCES contact.member,
    import_id uuid NOT NULL, -- chosen by the client
    state int4 NOT NULL, -- kith.v1.ImportState
    format int4 NOT NULL, -- kith.v1.ImportFormat
    is_dry_run bool NOT NULL,
    file_name text NOT NULL,
    bytes_received int8 NOT NULL,
    n_rows int8 NOT NULL DEFAULT 0,
    n_created int8 NOT NULL DEFAULT 0,
    n_updated int8 NOT NULL DEFAULT 0,
    n_unchanged int8 NOT NULL DEFAULT 0,
    n_skipped int8 NOT NULL DEFAULT 0,
    n_closed int8 NOT NULL DEFAULT 0,
    n_weak int8 NOT NULL DEFAULT 0,
    failure_reason text NOT NULL DEFAULT '',
    failure_message text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (member_id, import_id)
);

CREATE INDEX import_unfinished ON contact.import (started_at) WHERE state = 1;

-- The file as it arrives; gone once it is imported.
CREATE TABLE contact.import_chunk (
    member_id uuid NOT NULL,
    import_id uuid NOT NULL,
    start int8 NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (member_id, import_id, start),
    FOREIGN KEY (member_id, import_id) REFERENCES contact.import
);
-- Chunks live for seconds: compressing them costs more than it saves.
ALTER TABLE contact.import_chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE contact.import_skip (
    member_id uuid NOT NULL,
    import_id uuid NOT NULL,
    row_number int8 NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (member_id, import_id, row_number),
    FOREIGN KEY (member_id, import_id) REFERENCES contact.import
);
