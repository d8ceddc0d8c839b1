create index concurrently if not exists memberships_by_role on memberships (role_id) where role_id is not null;
