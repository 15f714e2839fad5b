-- What every service keeps for its events and for calls that are repeated.
-- include: common/queue/queue_tables.sql
-- include: common/idempotency/idempotency_tables.sql
-- include: common/housekeeping/housekeeping_tables.sql

INSERT INTO contact.outbox_route (kind, subscriber) VALUES
    ('kith.v1.MemberChanged', 'recommendation'),
    ('kith.v1.ContactsChanged', 'recommendation'),
    ('kith.v1.InvitationReceived', 'notification'),
    ('kith.v1.InvitationAccepted', 'notification');
