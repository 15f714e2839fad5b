-- Who was asked, of the asks $2 of $1. A contact taken out of the address book since has no name.
SELECT t.ask_id, t.contact_id, coalesce(c.name, ''), t.state, t.reason
FROM recommendation.target AS t
LEFT JOIN contact.v1_contact AS c ON c.member_id = t.member_id AND c.contact_id = t.contact_id
WHERE t.member_id = $1::uuid AND t.ask_id = ANY ($2::uuid[])
ORDER BY t.ask_id, t.contact_id
