-- Of a preview: nothing is asked by it.
INSERT INTO recommendation.decision
    (member_id, decision_id, question, decided_at, considered, record, is_asked)
VALUES ($1::uuid, $2::uuid, $3::text, $4::timestamptz, $5::int8, $6::bytea, false)
