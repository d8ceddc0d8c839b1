-- What an organization demands of its links, and how many passwords were tried lately.

create table link_policies (
    tenant_id uuid primary key,
    enabled boolean not null,
    require_password boolean not null,
    max_days integer check (max_days between 1 and 1825),
    version integer not null,
    updated_at timestamptz not null
);
comment on table link_policies is 'Rules for new and changed links of an organization; none: everything goes';
comment on column link_policies.enabled is 'whether guests get in at all';
comment on column link_policies.max_days is 'links end within so many days of being made; null: they need not end';

alter table links
    add column guesses integer not null default 0,
    add column guessed_since timestamptz;
comment on column links.guesses is 'wrong passwords since guessed_since, which is an hour ago at most when the next one comes';
