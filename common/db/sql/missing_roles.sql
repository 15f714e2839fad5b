-- Commands that create the login roles that do not exist yet: every service's, because each grants
-- views to the others, and the one of the schema at hand.
SELECT DISTINCT format('CREATE ROLE %I LOGIN NOINHERIT', name)
FROM unnest(ARRAY['contact', 'recommendation', 'notification', $1::text]) AS name
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name);
