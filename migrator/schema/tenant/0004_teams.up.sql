-- Teams: people of the organization who work together, over all projects.

create table teams (
    id uuid primary key,
    name text not null check (char_length(name) between 1 and 100),
    slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 60),
    description text not null default '' check (char_length(description) <= 2000),
    color text check (color ~* '^#[0-9a-f]{6}$'),
    settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    active boolean not null default true,
    created_by uuid not null references people (id),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table teams is 'Teams; slug is what addresses show, active is off for those that are kept but no longer work';
create index teams_page on teams (name, id);
create index teams_by_creator on teams (created_by);

create table team_members (
    team_id uuid not null references teams (id) on delete cascade,
    user_id uuid not null references people (id),
    role text not null check (role in ('lead', 'member')),
    added_at timestamptz not null default now(),
    primary key (team_id, user_id)
);
comment on table team_members is 'Who is in which team; a lead changes the team and who is in it';
create index team_members_page on team_members (team_id, added_at, user_id);
create index team_members_by_user on team_members (user_id);
