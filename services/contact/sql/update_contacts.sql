-- What a file does not know stays as it is; addresses the owner has are kept.
UPDATE contact.contact AS c
SET name = r.name,
    name_fold = r.name_fold,
    email = CASE c.email WHEN '' THEN r.email ELSE c.email END,
    profile_url = CASE c.profile_url WHEN '' THEN r.profile_url ELSE c.profile_url END,
    company = CASE r.company WHEN '' THEN c.company ELSE r.company END,
    company_fold = CASE r.company WHEN '' THEN c.company_fold ELSE r.company_fold END,
    position = CASE r.position WHEN '' THEN c.position ELSE r.position END,
    position_fold = CASE r.position WHEN '' THEN c.position_fold ELSE r.position_fold END,
    connected_at = coalesce(c.connected_at, r.connected_at)
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::timestamptz[], $9::text[], $10::text[], $11::text[])
    AS r (contact_id, name, email, profile_url, company, position, connected_at, name_fold,
    company_fold, position_fold)
WHERE c.member_id = $1::uuid AND c.contact_id = r.contact_id
