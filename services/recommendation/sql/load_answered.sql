-- The questions of $1 that were answered, by which contact, and when they were asked. Those of other askers are not hers
-- to know.
SELECT t.contact_id, a.question, a.asked_at
FROM recommendation.target AS t
JOIN recommendation.ask AS a ON a.member_id = t.member_id AND a.ask_id = t.ask_id
WHERE t.member_id = $1::uuid AND t.state = 2
ORDER BY a.ask_id, t.contact_id
