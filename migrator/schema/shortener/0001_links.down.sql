drop table idempotency_keys, outbox, links;
alter default privileges in schema public revoke usage, select on sequences from shortener_app;
alter default privileges in schema public revoke select, insert, update, delete on tables from shortener_app;
