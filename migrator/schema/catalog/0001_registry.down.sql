drop table outbox, leases, subdomain_aliases, tenants, clusters;
alter default privileges in schema public revoke usage, select on sequences from catalog_app;
alter default privileges in schema public revoke select, insert, update, delete on tables from catalog_app;
