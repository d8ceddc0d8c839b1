drop function initialize_tenant;
drop table idempotency_keys, outbox, workspaces, people, tenant_identity;
alter default privileges in schema public revoke usage, select on sequences from tenant_app;
alter default privileges in schema public revoke select, insert, update, delete on tables from tenant_app;
