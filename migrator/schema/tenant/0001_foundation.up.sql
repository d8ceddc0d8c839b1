-- What every tenant database stands on: whose it is, who works in it, its workspaces and its outgoing events.

alter default privileges in schema public grant select, insert, update, delete on tables to tenant_app;
alter default privileges in schema public grant usage, select on sequences to tenant_app;

create table tenant_identity (
    singleton boolean primary key default true check (singleton),
    tenant_id uuid not null
);
comment on table tenant_identity is 'Whose database this is: compared on every new connection; the application may only read it';
revoke insert, update, delete on tenant_identity from tenant_app;

create table people (
    id uuid primary key,
    name text not null check (char_length(name) between 1 and 200),
    role text not null check (role in ('owner', 'admin', 'manager', 'member', 'viewer')),
    active boolean not null default true,
    updated_at timestamptz not null default now()
);
comment on table people is 'Members of the organization as last told by identity; rows are never deleted, work refers to them';

create table workspaces (
    id uuid primary key,
    name text not null check (char_length(name) between 1 and 200),
    is_default boolean not null default false,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table workspaces is 'Where projects live; one default workspace is made with the database';
create unique index workspaces_one_default on workspaces (is_default) where is_default;

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

create function initialize_tenant(tenant uuid, workspace uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    insert into tenant_identity (tenant_id) values (tenant) on conflict do nothing;
    if not exists (select from tenant_identity where tenant_id = tenant) then
        raise exception 'this database belongs to another tenant';
    end if;
    insert into workspaces (id, name, is_default) values (workspace, 'General', true) on conflict do nothing;
end
$$;
comment on function initialize_tenant is 'Gives a fresh copy of the template its owner and its default workspace; a second call changes nothing';
revoke execute on function initialize_tenant from public;
