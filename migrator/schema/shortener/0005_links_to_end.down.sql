drop index concurrently if exists links_to_end;
