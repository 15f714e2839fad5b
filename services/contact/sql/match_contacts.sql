-- Which contact each row of a batch is: by profile address, else by e-mail, else by name and
-- company. Addresses that differ are never the same person. Contacts that this import made itself
-- do not count, except by profile address: rows of one file were compared before. Each look-up is
-- a probe of an index, made only if the ones before it found nothing.
SELECT
    r.ord, c.contact_id,
    NOT (r.profile_url <> '' AND c.profile_url = r.profile_url)
        AND NOT (r.email <> '' AND c.email = r.email) AS is_weak,
    (r.email <> '' AND c.email = '')
        OR (r.profile_url <> '' AND c.profile_url = '')
        OR (r.company <> '' AND r.company <> c.company)
        OR (r.position <> '' AND r.position <> c.position)
        OR r.name <> c.name
        OR (r.connected_at IS NOT NULL AND c.connected_at IS NULL) AS has_news
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
    $9::text[], $10::text[]) WITH ORDINALITY
    AS r (name, email, profile_url, company, position, connected_at, name_fold, company_fold, ord)
CROSS JOIN LATERAL (SELECT coalesce(
    (
        SELECT u.contact_id
        FROM contact.contact AS u
        WHERE r.profile_url <> '' AND u.member_id = $1::uuid AND u.profile_url <> ''
            AND u.profile_url = r.profile_url
    ),
    (
        SELECT e.contact_id
        FROM contact.contact AS e
        WHERE r.email <> '' AND e.member_id = $1::uuid AND e.email <> '' AND e.email = r.email
            AND (e.profile_url = '' OR r.profile_url = '') AND e.import_id IS DISTINCT FROM $2::uuid
        ORDER BY e.profile_url <> '', e.contact_id
        LIMIT 1
    ),
    (
        SELECT n.contact_id
        FROM contact.contact AS n
        WHERE n.member_id = $1::uuid AND n.name_fold = r.name_fold
            AND n.company_fold = r.company_fold
            AND (n.profile_url = '' OR r.profile_url = '') AND (n.email = '' OR r.email = '')
            AND n.import_id IS DISTINCT FROM $2::uuid
        ORDER BY n.profile_url <> '', n.email <> '', n.contact_id
        LIMIT 1
    )
) AS contact_id OFFSET 0) AS found
JOIN contact.contact AS c ON c.member_id = $1::uuid AND c.contact_id = found.contact_id
ORDER BY r.ord
