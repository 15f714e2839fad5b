INSERT INTO contact.contact
    (member_id, import_id, contact_id, name, email, profile_url, company, position, connected_at,
    name_fold, company_fold, position_fold)
SELECT $1::uuid, $2::uuid, r.*
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::timestamptz[], $10::text[], $11::text[], $12::text[]) AS r
