create index concurrently if not exists tasks_by_due on tasks (due_date, id) where deleted_at is null;
