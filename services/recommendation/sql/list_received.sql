-- Asks $1 received that are older than $2 (NULL: all), only those she has not reacted to if $3, at
-- most $4, newest first. Columns as in get_received.
SELECT r.ask_id, r.question, r.asked_at, r.asker_id, r.state, coalesce(
    (SELECT c.name FROM contact.v1_contact AS c
        WHERE c.member_id = $1::uuid AND c.linked_member_id = r.asker_id
        ORDER BY c.contact_id LIMIT 1),
    (SELECT m.name FROM contact.v1_member AS m WHERE m.member_id = r.asker_id))
FROM recommendation.received AS r
WHERE r.member_id = $1::uuid AND ($2::uuid IS NULL OR r.ask_id < $2::uuid)
    AND (r.state = 1 OR NOT $3::bool)
ORDER BY r.ask_id DESC
LIMIT $4::int8
