SELECT other_member_id, invitation_id
FROM contact.invitation
WHERE member_id = $1::uuid AND invitation_id = $2::uuid AND NOT is_outgoing
