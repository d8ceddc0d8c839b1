create index concurrently if not exists links_by_person on links (tenant_id, created_by) where revoked_at is null;
