create index concurrently if not exists tasks_in_archive on tasks (created_at desc, id desc)
    where archived_at is not null and deleted_at is null;
