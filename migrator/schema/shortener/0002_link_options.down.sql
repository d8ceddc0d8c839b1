delete from links where resource_kind <> 'task';
drop table visit_journals, slugs;
alter table links
    drop constraint links_resource_kind_known,
    add constraint links_resource_kind_check check (resource_kind in ('task')),
    drop column ended_at, drop column last_opened_at, drop column first_opened_at, drop column notify_first_open,
    drop column show_people, drop column show_comments, drop column paused_at, drop column starts_at,
    drop column target, drop column slug, drop column label;
