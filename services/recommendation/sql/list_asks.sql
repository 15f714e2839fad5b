-- Asks of $1 that are older than $2 (NULL: all), only open ones if $3, at most $4, newest first.
-- Columns as in get_ask.
SELECT a.ask_id, a.question, a.asked_at, a.decision_id, s.state
FROM recommendation.ask AS a
CROSS JOIN LATERAL (
    SELECT CASE WHEN bool_or(t.state = 2) THEN 2 WHEN bool_and(t.state = 3) THEN 3 ELSE 1 END AS state
    FROM recommendation.target AS t
    WHERE t.member_id = a.member_id AND t.ask_id = a.ask_id
) AS s
WHERE a.member_id = $1::uuid AND ($2::uuid IS NULL OR a.ask_id < $2::uuid)
    AND (s.state = 1 OR NOT $3::bool)
ORDER BY a.ask_id DESC
LIMIT $4::int8
