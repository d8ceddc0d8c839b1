drop index concurrently if exists memberships_by_role;
