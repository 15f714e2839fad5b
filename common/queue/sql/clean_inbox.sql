DELETE FROM inbox WHERE bucket = $1::int4 AND received_at < now() - interval '7 days';
