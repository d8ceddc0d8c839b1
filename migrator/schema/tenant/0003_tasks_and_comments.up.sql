-- Tasks, who does them, and what is said about them. A task's place is (board, column, order key).

create table tasks (
    id uuid primary key,
    project_id uuid not null references projects (id),
    board_id uuid not null,
    column_id uuid not null,
    number integer not null check (number > 0),
    title text not null check (char_length(title) between 1 and 500),
    description text not null default '' check (char_length(description) <= 100000),
    status text not null check (status in ('todo', 'in_progress', 'review', 'done', 'cancelled')),
    priority text not null default 'medium' check (priority in ('low', 'medium', 'high', 'urgent')),
    order_key text collate "C" not null check (order_key <> ''),
    due_date date,
    created_by uuid not null references people (id),
    completed_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    unique (project_id, number),
    foreign key (project_id, board_id) references boards (project_id, id),
    foreign key (board_id, column_id) references columns (board_id, id)
);
comment on table tasks is 'Tasks; the two compound keys keep board and column inside the task''s own project';
create index tasks_in_column on tasks (column_id, order_key, id) where deleted_at is null;
create index tasks_by_column on tasks (board_id, column_id);
create index tasks_page on tasks (created_at desc, id desc) where deleted_at is null;
create index tasks_in_project on tasks (project_id, created_at desc, id desc) where deleted_at is null;
create index tasks_by_status on tasks (status, created_at desc, id desc) where deleted_at is null;
create index tasks_by_creator on tasks (created_by);

create table task_assignees (
    task_id uuid not null references tasks (id) on delete cascade,
    user_id uuid not null references people (id),
    assigned_at timestamptz not null default now(),
    primary key (task_id, user_id)
);
comment on table task_assignees is 'Who does a task';
create index task_assignees_by_user on task_assignees (user_id, task_id);

create table comments (
    id uuid primary key,
    task_id uuid not null references tasks (id) on delete cascade,
    author_id uuid not null references people (id),
    body text not null check (char_length(body) between 1 and 50000),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);
comment on table comments is 'Comments on tasks, Markdown as written';
create index comments_page on comments (task_id, created_at, id) where deleted_at is null;
create index comments_by_author on comments (author_id);
