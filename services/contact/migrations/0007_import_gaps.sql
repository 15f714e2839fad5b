ALTER TABLE contact.import ADD COLUMN n_incomplete int8 NOT NULL DEFAULT 0;

-- What rows that were taken say and could not be read.
CREATE TABLE contact.import_gap (
    member_id uuid NOT NULL,
    import_id uuid NOT NULL,
    row_number int8 NOT NULL,
    column_name text NOT NULL, -- as the header of the file calls it
    reason text NOT NULL,
    PRIMARY KEY (member_id, import_id, row_number, column_name),
    FOREIGN KEY (member_id, import_id) REFERENCES contact.import
);
