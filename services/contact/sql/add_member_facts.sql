-- Facts she has already are left alone.
INSERT INTO contact.member_fact (member_id, fact_id, kind, value, value_fold, confidence)
SELECT $1::uuid, f.fact_id, f.kind, f.value, f.value_fold, f.confidence
FROM unnest($2::uuid[], $3::int8[], $4::text[], $5::text[], $6::float8[])
    AS f (fact_id, kind, value, value_fold, confidence)
ON CONFLICT (member_id, kind, value_fold) DO NOTHING
