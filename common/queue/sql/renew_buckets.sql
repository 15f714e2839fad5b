-- All that is ours, with its epochs.
UPDATE bucket_owner
SET leased_until = now() + $3::int8 * interval '1 millisecond'
WHERE owner = $1::text AND EXISTS (
    SELECT FROM bucket_relay WHERE owner = $1::text AND generation = $2::int8)
RETURNING bucket, epoch;
