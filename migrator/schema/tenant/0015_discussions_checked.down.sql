alter table comments drop constraint comments_subject_check, drop constraint comments_project_id_fkey,
    drop constraint comments_parent_id_fkey;
alter table comments
    add constraint comments_subject_check check (num_nonnulls(task_id, project_id) = 1) not valid,
    add constraint comments_project_id_fkey foreign key (project_id) references projects (id) on delete cascade not valid,
    add constraint comments_parent_id_fkey foreign key (parent_id) references comments (id) not valid;
