drop index concurrently if exists comments_by_parent;
