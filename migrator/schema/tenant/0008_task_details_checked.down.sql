alter table boards drop constraint boards_description_check,
    add constraint boards_description_check check (char_length(description) <= 2000) not valid;
alter table tasks drop constraint tasks_dates_check, drop constraint tasks_estimate_seconds_check,
    drop constraint tasks_parent_id_check, drop constraint tasks_parent_id_fkey, drop constraint tasks_fields_check,
    drop constraint tasks_deleted_by_fkey;
alter table tasks
    add constraint tasks_dates_check check (due_date >= start_date) not valid,
    add constraint tasks_estimate_seconds_check check (estimate_seconds between 0 and 360000000) not valid,
    add constraint tasks_parent_id_check check (parent_id <> id) not valid,
    add constraint tasks_parent_id_fkey foreign key (parent_id) references tasks (id) on delete set null not valid,
    add constraint tasks_fields_check check (jsonb_typeof(fields) = 'object') not valid,
    add constraint tasks_deleted_by_fkey foreign key (deleted_by) references people (id) not valid;
