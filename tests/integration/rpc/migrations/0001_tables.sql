-- include: common/idempotency/idempotency_tables.sql
CREATE TABLE effect (n int8 NOT NULL);
