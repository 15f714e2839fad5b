-- The next contacts of $1 after $2 in order of id: at most $3, and no more once those so far have $4
-- facts together. Columns as in list_contacts.
SELECT
    weighed.contact_id, weighed.name, weighed.email, weighed.profile_url, weighed.company,
    weighed.position, weighed.connected_at, weighed.linked_member_id, weighed.is_connected,
    weighed.name_fold
FROM (
    SELECT
        c.contact_id, c.name, c.email, c.profile_url, c.company, c.position, c.connected_at,
        c.linked_member_id, t.contact_id IS NOT NULL AS is_connected, c.name_fold,
        sum(n.facts) OVER (
            ORDER BY c.contact_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS facts_before
    FROM (
        SELECT
            p.member_id, p.contact_id, p.name, p.email, p.profile_url, p.company, p.position,
            p.connected_at, p.linked_member_id, p.name_fold
        FROM contact.contact AS p
        WHERE p.member_id = $1::uuid AND p.contact_id > $2::uuid
        ORDER BY p.contact_id
        LIMIT $3::int8
    ) AS c
    LEFT JOIN contact.tie AS t ON t.member_id = c.member_id AND t.contact_id = c.contact_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS facts
        FROM contact.fact AS f
        WHERE f.member_id = c.member_id AND f.contact_id = c.contact_id
    ) AS n
) AS weighed
WHERE coalesce(weighed.facts_before, 0) < $4::int8
ORDER BY weighed.contact_id
