-- What people ask of their data: a copy of all of it (GDPR Art. 15, 20), or its end (Art. 17). And the only ways in
-- which the log of security events ever loses anything: each says itself what may go, the service cannot choose.

create table person_requests (
    id uuid primary key,
    user_id uuid not null,
    kind text not null check (kind in ('export', 'erasure')),
    status text not null check (status in ('waiting', 'running', 'done', 'failed')),
    progress jsonb not null default '{}',
    report jsonb,
    archive bytea,
    receipt_hash bytea unique check (octet_length(receipt_hash) = 32),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    finished_at timestamptz
);
comment on table person_requests is 'Jobs over every service; user_id refers to nobody once the erasure is done';
comment on column person_requests.progress is 'what is still to be asked of whom, and what came of the rest';
comment on column person_requests.receipt_hash is 'SHA-256 of what shows the report of an erasure to who has no account any more';
create index person_requests_due on person_requests (next_attempt_at) where status in ('waiting', 'running');
create index person_requests_by_user on person_requests (user_id, created_at desc);
create unique index person_requests_one_open on person_requests (user_id, kind) where status in ('waiting', 'running');

create index audit_events_by_target on audit_events (tenant_id, target_id, created_at desc) where target_id is not null;
create index audit_events_by_age on audit_events (created_at);

create function forget_audit_events(batch integer) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with removed as (
        delete from audit_events where id in (
            select event.id from audit_events event left join organizations o on o.tenant_id = event.tenant_id
            where event.created_at < now() - interval '30 days'
            and event.created_at < now() - make_interval(days => coalesce(o.audit_retention_days, 365))
            order by event.created_at limit least(batch, 10000)
        ) returning 1)
    select count(*) from removed
$$;
comment on function forget_audit_events is 'Removes events older than their organization keeps them; by the clock of the database, and none of the last 30 days';

create function forget_audit_events_of(gone uuid) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with removed as (
        delete from audit_events
        where tenant_id = gone and not exists (select from organizations o where o.tenant_id = gone)
        returning 1)
    select count(*) from removed
$$;
comment on function forget_audit_events_of is 'Removes the events of an organization that is not there any more; of one that is, none';

create function anonymize_audit_events(gone uuid) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with changed as (
        update audit_events set address = null, user_agent = null
        where actor_id = gone and (address is not null or user_agent is not null)
        and not exists (select from users u where u.id = gone)
        returning 1)
    select count(*) from changed
$$;
comment on function anonymize_audit_events is 'Takes from where a person acted out of the events of one who is erased; that it was done stays';

revoke execute on function forget_audit_events, forget_audit_events_of, anonymize_audit_events from public;
grant execute on function forget_audit_events, forget_audit_events_of, anonymize_audit_events to identity_app;
