-- Another delivery of these failed; $5: milliseconds until the next.
UPDATE outbox AS o
SET attempts = o.attempts + 1, retry_at = now() + f.delay_ms * interval '1 millisecond'
FROM unnest($1::uuid[], $2::uuid[], $3::int4[], $4::int8[], $5::int8[])
    AS f (member_id, id, bucket, epoch, delay_ms), bucket_owner AS b
WHERE o.member_id = f.member_id AND o.id = f.id AND o.subscriber = $6::text
    AND b.bucket = f.bucket AND b.epoch = f.epoch AND b.owner = $7::text;
