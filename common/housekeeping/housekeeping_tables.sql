-- Table of common/housekeeping, in the schema of every service; a migration includes this file by
-- its name. Reference: when a task may be run again, by whichever instance comes first.
CREATE TABLE housekeeping (
    task text PRIMARY KEY,
    due_at timestamptz NOT NULL
);
