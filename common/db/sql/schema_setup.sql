-- Commands that make the schema of one service and fence it off; all may run again. The service's
-- role owns nothing: tables that migrations create are granted to it by default privileges.
SELECT command
FROM (VALUES
    (1, format('CREATE SCHEMA IF NOT EXISTS %I', $1::text)),
    (2, format('CREATE TABLE IF NOT EXISTS %I.schema_migration ('
               'number int4 PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL, '
               'applied_at timestamptz NOT NULL DEFAULT now())', $1)),
    (3, format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())),
    (4, 'REVOKE ALL ON SCHEMA public FROM PUBLIC'),
    (5, format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', $1)),
    (6, format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), $1)),
    (7, format('GRANT USAGE ON SCHEMA %1$I TO %1$I', $1)),
    (8, format('ALTER DEFAULT PRIVILEGES IN SCHEMA %1$I '
               'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %1$I', $1)),
    (9, format('REVOKE ALL ON %1$I.schema_migration FROM %1$I', $1)),
    (10, format('GRANT SELECT ON %1$I.schema_migration TO %1$I', $1)),
    (11, format('ALTER ROLE %1$I IN DATABASE %2$I SET search_path = %1$I', $1, current_database()))
) AS step (number, command)
ORDER BY number;
