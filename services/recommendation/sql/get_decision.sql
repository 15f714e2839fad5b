SELECT d.question, d.decided_at, d.considered, d.record
FROM recommendation.decision AS d
WHERE d.member_id = $1::uuid AND d.decision_id = $2::uuid
