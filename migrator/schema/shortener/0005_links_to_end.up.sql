create index concurrently if not exists links_to_end on links (expires_at)
    where ended_at is null and revoked_at is null and (expires_at is not null or max_opens is not null);
