SELECT count(*) FROM dead_letter WHERE bucket = ANY ($1::int4[]);
