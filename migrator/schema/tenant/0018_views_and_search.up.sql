-- Questions people keep, and what full text is found in.

create table views (
    id uuid primary key,
    project_id uuid references projects (id) on delete cascade,
    owner_id uuid not null references people (id),
    name text not null check (char_length(name) between 1 and 100),
    filter text not null default '' check (char_length(filter) <= 2000),
    sort text not null default '' check (char_length(sort) <= 100),
    layout text not null default 'list' check (layout in ('list', 'board', 'table', 'calendar')),
    settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    shared boolean not null default false,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table views is 'Saved filters; project_id null where they look over all projects; shared with whoever sees the project';
create index views_page on views (name, id);
create index views_of_project on views (project_id, name, id) where project_id is not null;
create index views_by_owner on views (owner_id);
