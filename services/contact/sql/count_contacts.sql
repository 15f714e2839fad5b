SELECT count(*)
FROM contact.contact AS c
WHERE c.member_id = $1::uuid
    AND ($2::text IS NULL OR EXISTS (
        SELECT FROM contact.fact AS f
        WHERE f.member_id = c.member_id AND f.contact_id = c.contact_id
            AND f.kind = 11 AND f.value_fold = $2::text
    ))
    AND ($3::text IS NULL OR strpos(
        concat_ws(E'\n', c.name_fold, c.company_fold, c.position_fold), $3::text
    ) > 0)
    AND ($4::text IS NULL OR (
        c.contact_id BETWEEN rpad(replace($4::text, '-', ''), 32, '0')::uuid
            AND rpad(replace($4::text, '-', ''), 32, 'f')::uuid
        AND starts_with(c.contact_id::text, $4::text)
    ) OR (
        right(c.contact_id::text, 8) = right($4::text, 8)
        AND right(c.contact_id::text, length($4::text)) = $4::text
    ))
    AND ($5::text IS NULL OR c.name_fold = $5::text)
