-- Answers to ask $2 of $1, oldest first; by the name in her address book, else by their own.
SELECT w.answer_id, w.text, w.answered_at, coalesce(
    (SELECT c.name FROM contact.v1_contact AS c
        WHERE c.member_id = $1::uuid AND c.linked_member_id = w.by_member_id
        ORDER BY c.contact_id LIMIT 1),
    (SELECT m.name FROM contact.v1_member AS m WHERE m.member_id = w.by_member_id))
FROM recommendation.answer AS w
WHERE w.member_id = $1::uuid AND w.ask_id = $2::uuid
ORDER BY w.answer_id
