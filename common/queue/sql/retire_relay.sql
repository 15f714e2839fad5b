UPDATE bucket_relay SET seen_until = '-infinity' WHERE owner = $1::text AND generation = $2::int8;
