INSERT INTO schema_migration (number, name, checksum) VALUES ($1::int4, $2::text, $3::bytea);
