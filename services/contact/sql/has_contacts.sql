SELECT EXISTS (SELECT FROM contact.contact WHERE member_id = $1::uuid)
