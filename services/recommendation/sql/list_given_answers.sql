-- What $1 answered to ask $2.
SELECT w.answer_id, w.text, w.answered_at
FROM recommendation.given_answer AS w
WHERE w.member_id = $1::uuid AND w.ask_id = $2::uuid
ORDER BY w.answer_id
