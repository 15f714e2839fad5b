-- Reference: the names this PostgreSQL knows.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_timezone_names
    WHERE name = $1::text AND name NOT LIKE 'posix%' AND name <> 'localtime'
)
