drop table idempotency_keys, outbox, memberships, signups, organizations, users;
alter default privileges in schema public revoke usage, select on sequences from identity_app;
alter default privileges in schema public revoke select, insert, update, delete on tables from identity_app;
