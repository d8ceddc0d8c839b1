-- What a tenant's life needs beyond its birth: holds that end by themselves, removal after a grace, rotation that
-- survives a crash, moves between clusters, and a record of every transition.

alter table tenants
    add column held_until timestamptz,
    add column held_for text check (held_for in ('move', 'clone', 'restore', 'migration')),
    add column deletes_at timestamptz,
    add column next_sealed_password bytea;
comment on column tenants.held_until is 'a tenant in moving or migrating is active again after this moment, whoever held it';
comment on column tenants.deletes_at is 'when a tenant in deleting is erased for good; until then it can be restored';
comment on column tenants.next_sealed_password is 'password under way to the role: written before the role is altered, sealed like sealed_password';
create index tenants_rotating on tenants (id) where next_sealed_password is not null;
create index tenants_due on tenants (deletes_at) where status = 'deleting' and deletes_at is not null;

create table tenant_transitions (
    seq bigint generated always as identity primary key,
    tenant_id uuid not null,
    from_status text,
    to_status text not null,
    reason text,
    at timestamptz not null
);
comment on table tenant_transitions is 'Every change of a tenant''s status, oldest first; rows outlive the tenant';
create index tenant_transitions_by_tenant on tenant_transitions (tenant_id, seq);

create table tenant_erasures (
    tenant_id uuid primary key,
    subdomain text not null,
    erased_at timestamptz not null,
    report jsonb not null
);
comment on table tenant_erasures is 'What was removed for good, by service; the proof that nothing of a tenant is left';

create table tenant_moves (
    id uuid primary key,
    tenant_id uuid not null references tenants (id),
    source_cluster uuid not null references clusters (id),
    target_cluster uuid not null references clusters (id),
    stage text not null check (stage in ('copying', 'switching', 'switched', 'done', 'rolled_back')),
    holder text not null,
    error text,
    pause_ms double precision,
    started_at timestamptz not null,
    finished_at timestamptz
);
comment on table tenant_moves is 'Journal of moves: what a crash left of one is undone, or finished once switched, by its stage';
create unique index tenant_moves_one_open on tenant_moves (tenant_id) where finished_at is null;
