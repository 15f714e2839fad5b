SELECT EXISTS (
    SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1::text AND tablename = 'schema_migration');
