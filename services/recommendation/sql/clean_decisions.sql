-- Decisions from before $1 that nothing was asked by; $2 at most.
WITH old AS (
    SELECT d.member_id, d.decision_id
    FROM recommendation.decision AS d
    WHERE d.decided_at < $1::timestamptz AND NOT d.is_asked
    ORDER BY d.decided_at
    LIMIT $2::int8
), gone AS (
    DELETE FROM recommendation.decision AS d
    USING old AS o
    WHERE d.member_id = o.member_id AND d.decision_id = o.decision_id
    RETURNING d.decision_id
)
SELECT count(*) FROM gone
