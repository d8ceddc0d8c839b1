drop table comment_mentions, comment_reactions, comment_revisions;
delete from comments where task_id is null;
alter table comments drop column edited_at, drop column parent_id, drop column project_id,
    alter column task_id set not null;
comment on table comments is 'Comments on tasks, Markdown as written';
