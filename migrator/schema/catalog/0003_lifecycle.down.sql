drop table tenant_moves, tenant_erasures, tenant_transitions;
alter table tenants drop column held_until, drop column held_for, drop column deletes_at, drop column next_sealed_password;
