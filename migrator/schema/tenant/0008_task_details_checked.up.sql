-- What 0007 added unchecked, read through with the tables in use.

alter table tasks
    validate constraint tasks_dates_check,
    validate constraint tasks_estimate_seconds_check,
    validate constraint tasks_parent_id_check,
    validate constraint tasks_parent_id_fkey,
    validate constraint tasks_fields_check,
    validate constraint tasks_deleted_by_fkey;
alter table boards validate constraint boards_description_check;
