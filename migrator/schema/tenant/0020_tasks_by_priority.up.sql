create index concurrently if not exists tasks_by_priority on tasks
    (array_position(array['low', 'medium', 'high', 'urgent'], priority), id) where deleted_at is null;
