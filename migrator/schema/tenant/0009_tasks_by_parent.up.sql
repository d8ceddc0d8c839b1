create index concurrently if not exists tasks_by_parent on tasks (parent_id, created_at, id) where parent_id is not null;
