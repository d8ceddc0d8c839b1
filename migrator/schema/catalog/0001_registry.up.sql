-- The control plane's registry: clusters, tenants, the names they answer to, and the lease that keeps two fleet runs apart.

alter default privileges in schema public grant select, insert, update, delete on tables to catalog_app;
alter default privileges in schema public grant usage, select on sequences to catalog_app;

create table clusters (
    id uuid primary key,
    name text not null unique check (char_length(name) between 1 and 63),
    host text not null check (host <> ''),
    port integer not null check (port between 1 and 65535),
    provisioner_role text not null check (provisioner_role <> ''),
    provisioner_password bytea not null,
    template_database text not null check (template_database <> ''),
    connection_budget integer not null check (connection_budget > 0),
    open_for_placement boolean not null default true,
    created_at timestamptz not null default now()
);
comment on table clusters is 'PostgreSQL servers that hold tenant databases; provisioner_password is sealed under the context cluster:<id>';

create table tenants (
    id uuid primary key,
    subdomain text unique check (subdomain = lower(subdomain) and char_length(subdomain) between 3 and 40),
    name text check (char_length(name) between 1 and 200),
    status text not null check (status in
        ('spare', 'provisioning', 'active', 'suspended', 'migrating', 'moving', 'deleting', 'deleted', 'failed')),
    cluster_id uuid not null references clusters (id),
    database_name text not null unique,
    role_name text not null unique,
    sealed_password bytea,
    generation integer not null default 1 check (generation > 0),
    schema_version text,
    schema_checked_at timestamptz,
    last_error text,
    plan text not null default 'free',
    limits jsonb not null default '{}',
    request_id text unique,
    status_changed_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint tenants_served_have_a_name check
        (status not in ('active', 'suspended') or (subdomain is not null and name is not null and sealed_password is not null))
);
comment on table tenants is 'One row a tenant database, spares included; a spare being built is provisioning without a subdomain';
comment on column tenants.sealed_password is 'password of the tenant''s own role, sealed under the context tenant:<id>';
comment on column tenants.generation is 'moves up when connections must be made anew: moved, suspended, rotated';
create index tenants_spare on tenants (created_at, id) where status = 'spare';
create index tenants_unfinished on tenants (status_changed_at) where status in ('provisioning', 'deleting', 'moving', 'migrating');
create index tenants_by_cluster on tenants (cluster_id, id);

create table subdomain_aliases (
    subdomain text primary key check (subdomain = lower(subdomain)),
    tenant_id uuid not null references tenants (id) on delete cascade,
    created_at timestamptz not null default now(),
    released_at timestamptz
);
comment on table subdomain_aliases is 'Former subdomains: they keep resolving until released_at is set';
create index subdomain_aliases_by_tenant on subdomain_aliases (tenant_id);

create table leases (
    name text primary key,
    holder text not null,
    expires_at timestamptz not null
);
comment on table leases is 'Work that only one process may do at a time; the holder moves expires_at on while it lives';

create table outbox (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    type text not null,
    tenant_id uuid,
    event jsonb not null,
    created_at timestamptz not null default now()
);
comment on table outbox is 'Events of committed transactions that the broker has not confirmed yet';
