drop index concurrently if exists tasks_in_archive;
