-- Rules of an organization, roles of its own making, tokens that are good once, and the log of security events.

alter table users
    alter column password_hash drop not null,
    add column email_verified_at timestamptz,
    add column bio text,
    add column timezone text,
    add column locale text,
    add column preferences jsonb not null default '{}',
    add constraint users_bio_check check (char_length(bio) <= 2000) not valid,
    add constraint users_timezone_check check (char_length(timezone) <= 64) not valid,
    add constraint users_locale_check check (char_length(locale) <= 35) not valid,
    add constraint users_preferences_check check (jsonb_typeof(preferences) = 'object') not valid;
comment on column users.password_hash is 'null for who signs in by other means only';
comment on column users.email_verified_at is 'when the person last proved to read mail at this address';

alter table organizations
    add column allowed_email_domains text[] not null default '{}',
    add column require_second_factor boolean not null default false,
    add column password_sign_in boolean not null default true,
    add column switch_without_password boolean not null default true,
    add column audit_retention_days integer not null default 365,
    add column version integer not null default 1,
    add constraint organizations_audit_retention_days_check check (audit_retention_days between 30 and 3650) not valid;
comment on column organizations.allowed_email_domains is 'who reads mail at one of these may join without an invitation';
comment on column organizations.switch_without_password is 'whether a session in another organization opens one here';

alter table sessions
    add column method text not null default 'password',
    add column second_factor boolean not null default false;
comment on column sessions.method is 'what was proved at sign-in: password, passkey, provider, ...';
comment on column sessions.second_factor is 'whether a second factor was proved too';

create table roles (
    id uuid primary key,
    tenant_id uuid not null references organizations (tenant_id) on delete cascade,
    name text not null check (char_length(name) between 1 and 60),
    description text not null default '' check (char_length(description) <= 500),
    permissions text[] not null,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table roles is 'Roles an organization made itself: a name for a set of permissions';
create unique index roles_by_name on roles (tenant_id, lower(name));

alter table memberships add column role_id uuid;
alter table memberships add constraint memberships_role_id_fkey foreign key (role_id) references roles (id) not valid;
comment on column memberships.role_id is 'a role of the organization''s own in place of what `role` allows; `role` is viewer then';
alter table invitations add column role_id uuid;
alter table invitations add constraint invitations_role_id_fkey foreign key (role_id) references roles (id) on delete cascade not valid;

create table one_time_tokens (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    purpose text not null check (char_length(purpose) between 1 and 40),
    user_id uuid references users (id) on delete cascade,
    tenant_id uuid references organizations (tenant_id) on delete cascade,
    payload jsonb not null default '{}',
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
comment on table one_time_tokens is 'SHA-256 of tokens that prove something once: a mail box read, a first factor given, a session elsewhere';
create index one_time_tokens_by_user on one_time_tokens (user_id, purpose) where used_at is null;
create index one_time_tokens_by_expiry on one_time_tokens (expires_at);

create table audit_events (
    id uuid primary key,
    tenant_id uuid,
    actor_id uuid,
    action text not null check (char_length(action) between 1 and 60),
    target_id uuid,
    succeeded boolean not null,
    address text,
    user_agent text,
    detail jsonb not null default '{}',
    created_at timestamptz not null default now()
);
comment on table audit_events is 'Security events; the service may add and read, not change. Ids only: names and addresses are looked up';
create index audit_events_page on audit_events (tenant_id, created_at desc, id desc);
create index audit_events_by_actor on audit_events (actor_id, created_at desc) where actor_id is not null;
revoke update, delete, truncate on audit_events from identity_app;
