create index concurrently if not exists tasks_in_trash on tasks (project_id, deleted_at desc, id desc) where deleted_at is not null;
