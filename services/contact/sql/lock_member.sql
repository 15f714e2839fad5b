-- Changes to one address book that must not meet wait for one another here. Until the transaction
-- ends, statements probe indexes row by row: the planner would judge by the size the table had when
-- they were prepared, and an import fills it.
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true)
FROM contact.member
WHERE member_id = $1::uuid
FOR NO KEY UPDATE
