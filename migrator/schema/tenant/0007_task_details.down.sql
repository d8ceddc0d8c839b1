alter table boards drop column description;
alter table columns drop column limit_blocks;
drop table custom_fields, task_watchers, task_dependencies, checklist_items, checklists, task_labels, labels;
alter table tasks drop column deleted_by, drop column archived_at, drop column fields, drop column parent_id,
    drop column estimate_seconds, drop column start_date;
comment on column tasks.deleted_at is null;
