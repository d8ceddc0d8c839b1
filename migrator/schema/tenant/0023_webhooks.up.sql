-- Where the organization's events are sent to, and what became of each of them.

create table webhooks (
    id uuid primary key,
    url text not null check (octet_length(url) <= 2048),
    description text not null default '' check (char_length(description) <= 200),
    events text[] not null check (cardinality(events) between 1 and 60),
    project_id uuid references projects (id) on delete cascade,
    enabled boolean not null default true,
    disabled_reason text check (disabled_reason in ('gone', 'failing', 'secret_lost')),
    secret bytea not null,
    former_secret bytea,
    former_secret_until timestamptz,
    last_success_at timestamptz,
    created_by uuid not null references people (id),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    check (not enabled or (disabled_reason is null and deleted_at is null)),
    check ((former_secret is null) = (former_secret_until is null))
);
comment on table webhooks is 'Endpoints outside that are told events; deleted ones go once their deliveries are gone';
comment on column webhooks.secret is 'Sealed under a key of project-svc; the former one signs beside it until former_secret_until';
comment on column webhooks.disabled_reason is 'Why the service switched it off; null where people did';
create index webhooks_page on webhooks (created_at, id) where deleted_at is null;
create index webhooks_of_project on webhooks (project_id) where project_id is not null;
create index webhooks_by_person on webhooks (created_by);

create table webhook_deliveries (
    id uuid primary key,
    webhook_id uuid not null references webhooks (id) on delete cascade,
    event_id uuid not null,
    type text not null,
    body text not null check (octet_length(body) < 20000),
    state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
    tries integer not null default 0,
    attempts integer not null default 0,
    due_at timestamptz,
    created_at timestamptz not null,
    finished_at timestamptz,
    unique (webhook_id, event_id),
    check ((state = 'waiting') = (due_at is not null))
);
comment on table webhook_deliveries is 'One event for one endpoint';
comment on column webhook_deliveries.tries is 'Attempts since it began to wait; sent again by hand it begins anew';
comment on column webhook_deliveries.due_at is 'When it is to be sent; during an attempt, when that counts as lost';
create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at) where state = 'waiting';
create index webhook_deliveries_page on webhook_deliveries (webhook_id, created_at, id);
create index webhook_deliveries_in_state on webhook_deliveries (webhook_id, state, created_at, id);

create table webhook_attempts (
    delivery_id uuid not null references webhook_deliveries (id) on delete cascade,
    number integer not null,
    started_at timestamptz not null,
    duration_ms integer not null,
    status integer,
    error text,
    answer text check (char_length(answer) <= 1024),
    primary key (delivery_id, number)
);
comment on table webhook_attempts is 'One request to an endpoint; status null where no answer came';
