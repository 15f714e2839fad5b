-- Which of our buckets hold something for this subscriber?
SELECT DISTINCT bucket
FROM outbox
WHERE bucket = ANY ($1::int4[]) AND subscriber = $2::text AND id > $3::uuid;
