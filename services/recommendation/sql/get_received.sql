-- Ask $2 as $1 received it; the asker by the name in her address book, else by her own.
SELECT r.ask_id, r.question, r.asked_at, r.asker_id, r.state, coalesce(
    (SELECT c.name FROM contact.v1_contact AS c
        WHERE c.member_id = $1::uuid AND c.linked_member_id = r.asker_id
        ORDER BY c.contact_id LIMIT 1),
    (SELECT m.name FROM contact.v1_member AS m WHERE m.member_id = r.asker_id))
FROM recommendation.received AS r
WHERE r.member_id = $1::uuid AND r.ask_id = $2::uuid
