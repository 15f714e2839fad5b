-- Settings under which a crash loses what was acknowledged.
SELECT name
FROM unnest(ARRAY['fsync', 'synchronous_commit', 'full_page_writes']) AS name
WHERE current_setting(name) = 'off'
ORDER BY name;
