create index concurrently if not exists comments_of_project on comments (project_id, created_at, id) where project_id is not null and deleted_at is null;
