-- Comments answer each other, belong to projects too, are reacted to, name people, and keep what they said before.

alter table comments
    alter column task_id drop not null,
    add column project_id uuid,
    add column parent_id uuid,
    add column edited_at timestamptz,
    add constraint comments_subject_check check (num_nonnulls(task_id, project_id) = 1) not valid,
    add constraint comments_project_id_fkey foreign key (project_id) references projects (id) on delete cascade not valid,
    add constraint comments_parent_id_fkey foreign key (parent_id) references comments (id) not valid;
comment on table comments is 'Comments on one thing each, a task or a project; Markdown as written';
comment on column comments.parent_id is 'the comment that is answered: the first of its thread, always';

create table comment_revisions (
    comment_id uuid not null references comments (id) on delete cascade,
    version integer not null,
    body text not null,
    written_at timestamptz not null,
    primary key (comment_id, version)
);
comment on table comment_revisions is 'What a comment said before it was edited';

create table comment_reactions (
    comment_id uuid not null references comments (id) on delete cascade,
    user_id uuid not null references people (id),
    kind text not null check (kind in ('like', 'heart', 'thumbs_up', 'thumbs_down', 'love', 'laugh', 'celebrate',
        'surprised', 'sad', 'rocket', 'eyes')),
    added_at timestamptz not null default now(),
    primary key (comment_id, user_id, kind)
);
comment on table comment_reactions is 'Who feels what about a comment';
create index comment_reactions_by_user on comment_reactions (user_id);

create table comment_mentions (
    comment_id uuid not null references comments (id) on delete cascade,
    user_id uuid not null references people (id),
    primary key (comment_id, user_id)
);
comment on table comment_mentions is 'Who is named in a comment';
create index comment_mentions_by_user on comment_mentions (user_id, comment_id);
