-- No row: another process took the name.
UPDATE bucket_relay
SET seen_until = now() + $3::int8 * interval '1 millisecond'
WHERE owner = $1::text AND generation = $2::int8
RETURNING generation;
