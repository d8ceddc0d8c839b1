create index concurrently if not exists tasks_in_trash on tasks (deleted_at, id) where deleted_at is not null;
