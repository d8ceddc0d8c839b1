create unique index concurrently if not exists links_by_slug on links (tenant_id, slug) where slug is not null;
