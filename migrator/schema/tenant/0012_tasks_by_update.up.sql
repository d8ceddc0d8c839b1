create index concurrently if not exists tasks_by_update on tasks (updated_at desc, id desc) where deleted_at is null;
