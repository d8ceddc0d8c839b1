-- Projects with their members, boards and columns. Order keys are compared bytewise, hence collate "C".

create table projects (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    key text not null unique check (key ~ '^[A-Z][A-Z0-9]{1,9}$'),
    name text not null check (char_length(name) between 1 and 200),
    description text not null default '' check (char_length(description) <= 100000),
    status text not null default 'active' check (status in ('planning', 'active', 'on_hold', 'completed', 'cancelled')),
    priority text not null default 'medium' check (priority in ('low', 'medium', 'high', 'critical')),
    color text check (color ~* '^#[0-9a-f]{6}$'),
    start_date date,
    end_date date,
    next_task_number integer not null default 1 check (next_task_number > 0),
    created_by uuid not null references people (id),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    check (end_date >= start_date)
);
comment on table projects is 'Projects; next_task_number is taken and moved on by the transaction that creates a task';
create index projects_page on projects (created_at desc, id desc) where deleted_at is null;
create index projects_by_workspace on projects (workspace_id);
create index projects_by_creator on projects (created_by);

create table project_members (
    project_id uuid not null references projects (id) on delete cascade,
    user_id uuid not null references people (id),
    role text not null check (role in ('owner', 'manager', 'member', 'viewer')),
    added_at timestamptz not null default now(),
    primary key (project_id, user_id)
);
comment on table project_members is 'Roles inside a project, beside the role in the organization';
create index project_members_by_user on project_members (user_id);

create table boards (
    id uuid primary key,
    project_id uuid not null references projects (id) on delete cascade,
    name text not null check (char_length(name) between 1 and 200),
    order_key text collate "C" not null check (order_key <> ''),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (project_id, id)
);
comment on table boards is 'Boards of a project; unique (project_id, id) lets a task refer to both at once';
create index boards_in_order on boards (project_id, order_key, id);

create table columns (
    id uuid primary key,
    board_id uuid not null references boards (id) on delete cascade,
    name text not null check (char_length(name) between 1 and 200),
    category text not null check (category in ('todo', 'in_progress', 'review', 'done', 'cancelled')),
    order_key text collate "C" not null check (order_key <> ''),
    color text check (color ~* '^#[0-9a-f]{6}$'),
    wip_limit integer check (wip_limit > 0),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (board_id, id)
);
comment on table columns is 'Columns of a board; the category is the status a task gets by being put there';
create index columns_in_order on columns (board_id, order_key, id);
