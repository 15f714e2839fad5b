-- Reference: the names this PostgreSQL knows, in order of their bytes. It reads a file for each.
SELECT name
FROM pg_catalog.pg_timezone_names
WHERE name NOT LIKE 'posix%' AND name <> 'localtime'
ORDER BY name COLLATE "C"
