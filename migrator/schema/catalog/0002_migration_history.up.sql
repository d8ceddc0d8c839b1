-- What each fleet run was asked to do and what became of every database it touched.

create table migration_runs (
    id uuid primary key,
    started_at timestamptz not null,
    finished_at timestamptz,
    holder text not null,
    arguments jsonb not null default '{}',
    outcome text check (outcome in ('succeeded', 'failed', 'aborted'))
);
comment on table migration_runs is 'One row a run of the migrator over the fleet; no outcome while it runs';
create index migration_runs_by_start on migration_runs (started_at desc);

create table migration_results (
    run_id uuid not null references migration_runs (id) on delete cascade,
    cluster text not null,
    database_name text not null,
    from_version text,
    to_version text,
    outcome text not null check (outcome in ('migrated', 'unchanged', 'failed')),
    error text,
    duration_ms bigint not null check (duration_ms >= 0),
    finished_at timestamptz not null,
    primary key (run_id, cluster, database_name)
);
comment on table migration_results is 'One row a database a run; to_version is the version it really stands at afterwards';
create index migration_results_by_database on migration_results (database_name, finished_at desc);
