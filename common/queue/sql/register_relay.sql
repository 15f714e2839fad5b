-- Take the name, from a predecessor too; $3: only from one that is not alive any more.
INSERT INTO bucket_relay (owner, seen_until)
VALUES ($1::text, now() + $2::int8 * interval '1 millisecond')
ON CONFLICT (owner) DO UPDATE
SET generation = bucket_relay.generation + 1, seen_until = EXCLUDED.seen_until
WHERE NOT $3::bool OR bucket_relay.seen_until < now()
RETURNING generation;
