-- Short links: a code is stored as a hash for looking up and sealed for showing it to its owner again.

alter default privileges in schema public grant select, insert, update, delete on tables to shortener_app;
alter default privileges in schema public grant usage, select on sequences to shortener_app;

create table links (
    id uuid primary key,
    tenant_id uuid not null,
    resource_kind text not null check (resource_kind in ('task')),
    resource_id uuid not null,
    created_by uuid not null,
    code_hash bytea not null unique check (octet_length(code_hash) = 32),
    sealed_code bytea not null,
    password_hash text,
    password_version integer not null default 1,
    expires_at timestamptz,
    max_opens integer check (max_opens > 0),
    opens bigint not null default 0 check (opens >= 0),
    failed_attempts bigint not null default 0 check (failed_attempts >= 0),
    revoked_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table links is 'Guest links of all tenants; every query but the code''s look-up starts from tenant_id';
create index links_page on links (tenant_id, created_at desc, id desc);
create index links_by_resource on links (tenant_id, resource_kind, resource_id);
create index links_by_expiry on links (expires_at) where revoked_at is null and expires_at is not null;

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
