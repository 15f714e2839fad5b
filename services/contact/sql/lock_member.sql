-- Changes to one address book that must not meet wait for one another here. The planner must not
-- judge by the size a table had when a statement was prepared: an import fills it.
SELECT set_config('enable_seqscan', 'off', true)
FROM contact.member
WHERE member_id = $1::uuid
FOR NO KEY UPDATE
