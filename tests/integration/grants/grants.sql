-- Every right a service's role, or everybody, has in a migrated database; one per line, sorted.
-- "migrator" stands for whoever migrated. Rights nobody granted, because the catalog holds NULL for
-- the defaults of an owner, are not listed; the defaults of PUBLIC are.
WITH role AS (
    SELECT oid, rolname AS name FROM pg_roles
    WHERE rolname IN ('contact', 'recommendation', 'notification')
    UNION ALL SELECT 0::oid, 'PUBLIC'
), thing AS (
    SELECT 'database' AS kind, 'kith' AS name, coalesce(datacl, acldefault('d', datdba)) AS acl,
        datdba AS owner
    FROM pg_database WHERE datname = current_database()
    UNION ALL
    SELECT 'schema', nspname, coalesce(nspacl, acldefault('n', nspowner)), nspowner
    FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
    UNION ALL
    SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END,
        nspname || '.' || relname,
        coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)),
        relowner
    FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND nspname NOT LIKE 'pg\_%'
        AND nspname <> 'information_schema'
    UNION ALL
    SELECT 'column', nspname || '.' || relname || '.' || attname, attacl, relowner
    FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
        JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE attacl IS NOT NULL AND nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
    UNION ALL
    SELECT 'function', nspname || '.' || proname, coalesce(proacl, acldefault('f', proowner)), proowner
    FROM pg_proc JOIN pg_namespace AS n ON n.oid = pronamespace
    WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
    UNION ALL
    SELECT 'default of ' || CASE defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
        WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' ELSE 'schemas' END,
        coalesce(nspname, '*'), defaclacl, defaclrole
    FROM pg_default_acl LEFT JOIN pg_namespace AS n ON n.oid = defaclnamespace
), line AS (
    SELECT format('%s %s: %s may %s%s', kind, thing.name, role.name,
        string_agg(privilege_type, ' ' ORDER BY privilege_type),
        CASE WHEN bool_or(is_grantable) THEN ' and grant it' END) AS text
    FROM thing, aclexplode(acl), role WHERE grantee = role.oid
    GROUP BY kind, thing.name, role.name
    UNION ALL
    SELECT format('%s %s: owned by %s', kind, thing.name, role.name)
    FROM thing JOIN role ON role.oid = owner
    UNION ALL
    SELECT format('role %s: %s', rolname, concat_ws(' ', CASE WHEN rolcanlogin THEN 'logs in' END,
        CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
        CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
        CASE WHEN rolbypassrls THEN 'BYPASSRLS' END))
    FROM pg_roles JOIN role USING (oid)
    UNION ALL
    SELECT format('role %s: member of %s', m.name, roleid::regrole)
    FROM pg_auth_members JOIN role AS m ON m.oid = member
    UNION ALL
    SELECT format('role %s: %s', role.name, unnest(setconfig))
    FROM pg_db_role_setting JOIN role ON role.oid = setrole
        JOIN pg_database AS d ON d.oid = setdatabase AND datname = current_database()
)
SELECT text FROM line ORDER BY text COLLATE "C";
