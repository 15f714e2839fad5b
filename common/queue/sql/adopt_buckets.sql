-- What the predecessor of this name held, under new epochs: it may yet be finishing something.
UPDATE bucket_owner
SET epoch = epoch + 1, leased_until = now() + $2::int8 * interval '1 millisecond'
WHERE owner = $1::text
RETURNING bucket;
