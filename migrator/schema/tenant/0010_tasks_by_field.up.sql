create index concurrently if not exists tasks_by_field on tasks using gin (fields jsonb_path_ops);
