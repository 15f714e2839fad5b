-- For the producer's schema and the consumer's alike.
-- include: common/queue/queue_tables.sql
INSERT INTO outbox_route (kind, subscriber) VALUES
    ('kith.v1.MemberChanged', 'till'), ('kith.v1.ContactsChanged', 'till'),
    ('kith.v1.ContactsChanged', 'nobody');
-- No key on the event: a second effect must show.
CREATE TABLE effect (
    number int8 GENERATED ALWAYS AS IDENTITY, member_id uuid NOT NULL, event_id uuid NOT NULL);
