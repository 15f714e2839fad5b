-- A page in order of name. NULL tag, query, part of an id or name: any. NULL position: the first page.
SELECT
    c.contact_id, c.name, c.email, c.profile_url, c.company, c.position, c.connected_at,
    c.linked_member_id, t.contact_id IS NOT NULL AS is_connected, c.name_fold
FROM contact.contact AS c
LEFT JOIN contact.tie AS t ON t.member_id = c.member_id AND t.contact_id = c.contact_id
WHERE c.member_id = $1::uuid
    AND ($2::text IS NULL OR EXISTS (
        SELECT FROM contact.fact AS f
        WHERE f.member_id = c.member_id AND f.contact_id = c.contact_id
            AND f.kind = 11 AND f.value_fold = $2::text
    ))
    AND ($3::text IS NULL OR strpos(
        concat_ws(E'\n', c.name_fold, c.company_fold, c.position_fold), $3::text
    ) > 0)
    AND ($7::text IS NULL OR (
        c.contact_id BETWEEN rpad(replace($7::text, '-', ''), 32, '0')::uuid
            AND rpad(replace($7::text, '-', ''), 32, 'f')::uuid
        AND starts_with(c.contact_id::text, $7::text)
    ) OR (
        right(c.contact_id::text, 8) = right($7::text, 8)
        AND right(c.contact_id::text, length($7::text)) = $7::text
    ))
    AND ($8::text IS NULL OR c.name_fold = $8::text)
    AND ($4::text IS NULL OR (c.name_fold, c.contact_id) > ($4::text, $5::uuid))
ORDER BY c.name_fold, c.contact_id
LIMIT $6::int8
