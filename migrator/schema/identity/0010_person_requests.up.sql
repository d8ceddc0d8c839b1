-- What people ask of their data: a copy of all of it (GDPR Art. 15, 20), or its end (Art. 17).

create table person_requests (
    id uuid primary key,
    user_id uuid not null,
    kind text not null check (kind in ('export', 'erasure')),
    status text not null check (status in ('waiting', 'running', 'done', 'failed')),
    progress jsonb not null default '{}',
    report jsonb,
    archive bytea,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    finished_at timestamptz
);
comment on table person_requests is 'Jobs over every service; user_id refers to nobody once the erasure is done';
create index person_requests_due on person_requests (next_attempt_at) where status in ('waiting', 'running');
create index person_requests_by_user on person_requests (user_id, created_at desc);
