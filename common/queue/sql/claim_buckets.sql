-- Up to $4 buckets nobody holds. The condition on the lease is repeated because a relay that had to
-- wait for another's claim of the same row must look again.
UPDATE bucket_owner
SET owner = $1::text, epoch = epoch + 1,
    leased_until = now() + $3::int8 * interval '1 millisecond'
WHERE leased_until < now()
    AND bucket IN (
        SELECT bucket FROM bucket_owner WHERE leased_until < now() ORDER BY bucket LIMIT $4::int8)
    AND EXISTS (SELECT FROM bucket_relay WHERE owner = $1::text AND generation = $2::int8)
RETURNING bucket, epoch;
