-- Who stands where: workspaces and projects with people and rights of their own, what people keep at hand, and what
-- was done by whom.

alter table workspaces
    add column description text not null default '',
    add column owner_id uuid,
    add column is_public boolean not null default true,
    add column is_active boolean not null default true,
    add column settings jsonb not null default '{}',
    add constraint workspaces_description_check check (char_length(description) <= 2000) not valid,
    add constraint workspaces_settings_check check (jsonb_typeof(settings) = 'object') not valid,
    add constraint workspaces_owner_id_fkey foreign key (owner_id) references people (id) not valid;
comment on column workspaces.owner_id is 'who made it; nobody for the default one';
comment on column workspaces.is_public is 'off: only its members see it and what is in it';
comment on column workspaces.is_active is 'off: kept to read, nothing is added';

create table workspace_members (
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid not null references people (id),
    role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
    added_at timestamptz not null default now(),
    primary key (workspace_id, user_id)
);
comment on table workspace_members is 'Roles inside a workspace: they hold in its public projects';
create index workspace_members_page on workspace_members (workspace_id, added_at, user_id);
create index workspace_members_by_user on workspace_members (user_id);

alter table projects
    add column is_public boolean not null default true,
    add column budget numeric(12, 2),
    add column owner_id uuid,
    add column team_id uuid,
    add column settings jsonb not null default '{}',
    add column archived_at timestamptz,
    add constraint projects_budget_check check (budget >= 0) not valid,
    add constraint projects_settings_check check (jsonb_typeof(settings) = 'object') not valid,
    add constraint projects_owner_id_fkey foreign key (owner_id) references people (id) not valid,
    add constraint projects_team_id_fkey foreign key (team_id) references teams (id) on delete set null not valid;
comment on column projects.is_public is 'off: only its members see it';
comment on column projects.owner_id is 'who answers for it; created_by where null';

create table favourites (
    user_id uuid not null references people (id),
    kind text not null check (kind in ('project', 'board', 'task', 'view')),
    thing_id uuid not null,
    added_at timestamptz not null default now(),
    primary key (user_id, kind, thing_id)
);
comment on table favourites is 'What people keep at hand; rows of things that are gone are passed over and swept';
create index favourites_page on favourites (user_id, added_at desc, thing_id);

create table activities (
    id uuid primary key,
    project_id uuid not null references projects (id) on delete cascade,
    task_id uuid references tasks (id) on delete cascade,
    actor_id uuid not null references people (id),
    kind text not null check (char_length(kind) between 1 and 60),
    changes jsonb not null default '{}' check (jsonb_typeof(changes) = 'object'),
    created_at timestamptz not null default now()
);
comment on table activities is 'What was done: append-only, written by the transaction that did it';
comment on column activities.changes is 'by field: {"from": ..., "to": ...}';
create index activities_of_project on activities (project_id, created_at desc, id desc);
create index activities_of_task on activities (task_id, created_at desc, id desc) where task_id is not null;
create index activities_by_actor on activities (actor_id);
revoke update on activities from tenant_app;
