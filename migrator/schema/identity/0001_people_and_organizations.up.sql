-- People are global, memberships tie them to organizations; an organization is a tenant of the catalog under the same id.

alter default privileges in schema public grant select, insert, update, delete on tables to identity_app;
alter default privileges in schema public grant usage, select on sequences to identity_app;

create table users (
    id uuid primary key,
    email text not null unique check (email = lower(email) and char_length(email) between 3 and 320),
    name text not null check (char_length(name) between 1 and 200),
    password_hash text not null,
    active boolean not null default true,
    version integer not null default 1,
    last_login_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table users is 'People; one account an e-mail address, whatever number of organizations they work in';

create table organizations (
    tenant_id uuid primary key,
    subdomain text not null,
    name text not null check (char_length(name) between 1 and 200),
    request_id text not null unique,
    confirmed_at timestamptz,
    created_at timestamptz not null default now()
);
comment on table organizations is 'Organizations as identity knows them; confirmed_at is set once the catalog has activated the tenant';
create index organizations_unconfirmed on organizations (created_at) where confirmed_at is null;

create table signups (
    request_id text primary key,
    fingerprint bytea not null,
    tenant_id uuid,
    created_at timestamptz not null default now()
);
comment on table signups is 'Sign-ups by request key, so that a repeated one finds its first tenant; fingerprint is the hash of what was asked';
create index signups_by_age on signups (created_at);

create table memberships (
    tenant_id uuid not null references organizations (tenant_id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    role text not null check (role in ('owner', 'admin', 'manager', 'member', 'viewer')),
    active boolean not null default true,
    joined_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, user_id)
);
comment on table memberships is 'Who works in which organization, and as what';
create index memberships_by_user on memberships (user_id);
create index memberships_page on memberships (tenant_id, joined_at, user_id) where active;
create index memberships_owners on memberships (tenant_id) where role = 'owner' and active;

create table outbox (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    type text not null,
    tenant_id uuid,
    event jsonb not null,
    created_at timestamptz not null default now()
);
comment on table outbox is 'Events of committed transactions that the broker has not confirmed yet';

create table idempotency_keys (
    scope text not null,
    key text not null,
    fingerprint bytea not null,
    status smallint,
    body jsonb,
    created_at timestamptz not null default now(),
    primary key (scope, key)
);
comment on table idempotency_keys is 'First answers of POST requests by their Idempotency-Key; no status while the first is still running';
create index idempotency_keys_by_age on idempotency_keys (created_at);
