-- Which contact each row of a batch is: by profile address, else by e-mail, else by name and
-- company. Addresses that differ are never the same person. Contacts that this import made itself
-- do not count, except by profile address: rows of one file were compared before. LATERAL with
-- LIMIT keeps every look-up a probe of an index, however large the book grows.
SELECT
    r.ord, m.contact_id, m.how = 3 AS is_weak,
    (r.email <> '' AND c.email = '')
        OR (r.profile_url <> '' AND c.profile_url = '')
        OR (r.company <> '' AND r.company <> c.company)
        OR (r.position <> '' AND r.position <> c.position)
        OR r.name <> c.name
        OR (r.connected_at IS NOT NULL AND c.connected_at IS NULL) AS has_news
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
    $9::text[], $10::text[]) WITH ORDINALITY
    AS r (name, email, profile_url, company, position, connected_at, name_fold, company_fold, ord)
CROSS JOIN LATERAL (
    (
        SELECT u.contact_id, 1 AS how
        FROM contact.contact AS u
        WHERE r.profile_url <> '' AND u.member_id = $1::uuid AND u.profile_url <> ''
            AND u.profile_url = r.profile_url
        LIMIT 1
    )
    UNION ALL
    (
        SELECT e.contact_id, 2
        FROM contact.contact AS e
        WHERE r.email <> '' AND e.member_id = $1::uuid AND e.email <> '' AND e.email = r.email
            AND (e.profile_url = '' OR r.profile_url = '') AND e.import_id IS DISTINCT FROM $2::uuid
        ORDER BY e.profile_url <> '', e.contact_id
        LIMIT 1
    )
    UNION ALL
    (
        SELECT n.contact_id, 3
        FROM contact.contact AS n
        WHERE n.member_id = $1::uuid AND n.name_fold = r.name_fold
            AND n.company_fold = r.company_fold
            AND (n.profile_url = '' OR r.profile_url = '') AND (n.email = '' OR r.email = '')
            AND n.import_id IS DISTINCT FROM $2::uuid
        ORDER BY n.profile_url <> '', n.email <> '', n.contact_id
        LIMIT 1
    )
    ORDER BY how
    LIMIT 1
) AS m
JOIN contact.contact AS c ON c.member_id = $1::uuid AND c.contact_id = m.contact_id
ORDER BY r.ord
