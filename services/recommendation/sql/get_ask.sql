-- Ask $2 of $1, who asked it.
SELECT a.ask_id, a.question, a.asked_at, a.decision_id, s.state
FROM recommendation.ask AS a
CROSS JOIN LATERAL (
    SELECT CASE WHEN bool_or(t.state = 2) THEN 2 WHEN bool_and(t.state = 3) THEN 3 ELSE 1 END AS state
    FROM recommendation.target AS t
    WHERE t.member_id = a.member_id AND t.ask_id = a.ask_id
) AS s
WHERE a.member_id = $1::uuid AND a.ask_id = $2::uuid
