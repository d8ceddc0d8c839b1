-- What a task can carry beside its title: dates, an estimate, a parent, labels, checklists, dependencies, watchers,
-- fields of the project's own.

alter table tasks
    add column start_date date,
    add column estimate_seconds integer,
    add column parent_id uuid,
    add column fields jsonb not null default '{}',
    add column archived_at timestamptz,
    add column deleted_by uuid,
    add constraint tasks_dates_check check (due_date >= start_date) not valid,
    add constraint tasks_estimate_seconds_check check (estimate_seconds between 0 and 360000000) not valid,
    add constraint tasks_parent_id_check check (parent_id <> id) not valid,
    add constraint tasks_parent_id_fkey foreign key (parent_id) references tasks (id) on delete set null not valid,
    add constraint tasks_fields_check check (jsonb_typeof(fields) = 'object') not valid,
    add constraint tasks_deleted_by_fkey foreign key (deleted_by) references people (id) not valid;
comment on column tasks.fields is 'values of custom fields by the id of the field';
comment on column tasks.archived_at is 'put away: out of boards and lists, found by search';
comment on column tasks.deleted_at is 'in the trash since; gone for good after 30 days';

create table labels (
    id uuid primary key,
    project_id uuid not null references projects (id) on delete cascade,
    name text not null check (char_length(name) between 1 and 60),
    color text check (color ~* '^#[0-9a-f]{6}$'),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (project_id, id)
);
comment on table labels is 'Labels of a project';
create unique index labels_by_name on labels (project_id, lower(name));

create table task_labels (
    task_id uuid not null references tasks (id) on delete cascade,
    label_id uuid not null references labels (id) on delete cascade,
    primary key (task_id, label_id)
);
comment on table task_labels is 'Labels of tasks; both are of one project';
create index task_labels_by_label on task_labels (label_id, task_id);

create table checklists (
    id uuid primary key,
    task_id uuid not null references tasks (id) on delete cascade,
    name text not null check (char_length(name) between 1 and 200),
    order_key text collate "C" not null check (order_key <> ''),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table checklists is 'Lists to tick off inside a task';
create index checklists_in_order on checklists (task_id, order_key, id);

create table checklist_items (
    id uuid primary key,
    checklist_id uuid not null references checklists (id) on delete cascade,
    text text not null check (char_length(text) between 1 and 500),
    done boolean not null default false,
    order_key text collate "C" not null check (order_key <> ''),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table checklist_items is 'What is ticked off';
create index checklist_items_in_order on checklist_items (checklist_id, order_key, id);

create table task_dependencies (
    id uuid primary key,
    task_id uuid not null references tasks (id) on delete cascade,
    other_id uuid not null references tasks (id) on delete cascade,
    kind text not null check (kind in ('finish_to_start', 'start_to_start', 'finish_to_finish', 'start_to_finish',
        'relates', 'duplicates')),
    created_by uuid not null references people (id),
    created_at timestamptz not null default now(),
    unique (task_id, other_id),
    check (task_id <> other_id)
);
comment on table task_dependencies is 'task_id waits for other_id in one of four ways, relates to it, or says the same again';
create index task_dependencies_by_other on task_dependencies (other_id);
create index task_dependencies_by_creator on task_dependencies (created_by);

create table task_watchers (
    task_id uuid not null references tasks (id) on delete cascade,
    user_id uuid not null references people (id),
    added_at timestamptz not null default now(),
    primary key (task_id, user_id)
);
comment on table task_watchers is 'Who wants to hear of a task';
create index task_watchers_by_user on task_watchers (user_id, task_id);

create table custom_fields (
    id uuid primary key,
    project_id uuid not null references projects (id) on delete cascade,
    key text not null check (key ~ '^[a-z][a-z0-9_]{0,39}$'),
    name text not null check (char_length(name) between 1 and 60),
    kind text not null check (kind in ('text', 'number', 'date', 'bool', 'select', 'multi_select', 'user', 'url',
        'currency')),
    options jsonb not null default '[]' check (jsonb_typeof(options) = 'array'),
    currency text check (currency ~ '^[A-Z]{3}$'),
    required boolean not null default false,
    on_card boolean not null default false,
    order_key text collate "C" not null check (order_key <> ''),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (project_id, key)
);
comment on table custom_fields is 'Fields a project gives its tasks; key is their name in filters';
create index custom_fields_in_order on custom_fields (project_id, order_key, id);

alter table columns add column limit_blocks boolean not null default false;
comment on column columns.limit_blocks is 'whether a full column refuses cards instead of warning';
alter table boards add column description text not null default '',
    add constraint boards_description_check check (char_length(description) <= 2000) not valid;
