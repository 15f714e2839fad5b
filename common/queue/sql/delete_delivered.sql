-- A relay that lost the bucket since names an old epoch and deletes nothing.
DELETE FROM outbox AS o
USING unnest($1::uuid[], $2::uuid[], $3::int4[], $4::int8[]) AS done (member_id, id, bucket, epoch),
    bucket_owner AS b
WHERE o.member_id = done.member_id AND o.id = done.id AND o.subscriber = $5::text
    AND b.bucket = done.bucket AND b.epoch = done.epoch AND b.owner = $6::text;
