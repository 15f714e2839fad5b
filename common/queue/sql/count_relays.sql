SELECT count(*) FROM bucket_relay WHERE seen_until > now();
