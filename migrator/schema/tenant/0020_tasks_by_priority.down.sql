drop index concurrently if exists tasks_by_priority;
