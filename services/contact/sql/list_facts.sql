-- The first $3 facts of each of these contacts: employer and title first, then as they were stated.
-- ANY repeats the join so that it reaches the tables under the view: else all of them are read.
SELECT contact_id, fact_id, kind, value, source, confidence
FROM (
    SELECT
        f.contact_id, f.fact_id, f.kind, f.value, f.source, f.confidence, c.ord,
        row_number() OVER (PARTITION BY f.contact_id ORDER BY f.source DESC, f.kind, f.fact_id) AS n
    FROM unnest($2::uuid[]) WITH ORDINALITY AS c (contact_id, ord)
    JOIN contact.v1_fact AS f ON f.member_id = $1::uuid AND f.contact_id = c.contact_id
        AND f.contact_id = ANY ($2::uuid[])
) AS numbered
WHERE n <= $3::int8
ORDER BY ord, n
