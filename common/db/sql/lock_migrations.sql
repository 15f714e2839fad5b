-- One migrator at a time per schema, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('kith migrations of ' || $1::text, 0));
