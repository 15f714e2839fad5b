-- All contacts of $1, with how often she asked them: questions that wait since $2, and those they
-- passed on since then.
SELECT c.contact_id, c.linked_member_id, c.is_connected, c.connected_at,
    coalesce(t.waiting, 0), coalesce(t.passed, 0)
FROM contact.v1_contact AS c
LEFT JOIN (
    SELECT g.contact_id,
        count(*) FILTER (WHERE g.state = 1) AS waiting,
        count(*) FILTER (WHERE g.state = 3) AS passed
    FROM recommendation.target AS g
    JOIN recommendation.ask AS a ON a.member_id = g.member_id AND a.ask_id = g.ask_id
    WHERE g.member_id = $1::uuid AND a.asked_at >= $2::timestamptz
    GROUP BY g.contact_id
) AS t ON t.contact_id = c.contact_id
WHERE c.member_id = $1::uuid
