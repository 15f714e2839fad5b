UPDATE bucket_owner
SET owner = NULL, leased_until = '-infinity'
WHERE owner = $1::text AND bucket = ANY ($3::int4[]) AND EXISTS (
    SELECT FROM bucket_relay WHERE owner = $1::text AND generation = $2::int8);
