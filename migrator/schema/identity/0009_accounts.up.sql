-- Pictures of people, letters somebody asked for, and the devices an account was signed in from.

create table avatars (
    user_id uuid primary key references users (id) on delete cascade,
    content_type text not null,
    content bytea not null check (octet_length(content) <= 262144),
    etag text not null,
    updated_at timestamptz not null default now()
);
comment on table avatars is 'Pictures of people, decoded and written anew by the service';

create table letters (
    id uuid primary key,
    kind text not null check (char_length(kind) between 1 and 40),
    tenant_id uuid not null references organizations (tenant_id) on delete cascade,
    user_id uuid references users (id) on delete cascade,
    email_hash bytea not null check (octet_length(email_hash) = 32),
    email text,
    name text,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    handled_at timestamptz
);
comment on table letters is 'Mail asked for by naming an address; who that is, if anybody, is looked up afterwards, so that asking tells nothing';
comment on column letters.email is 'null once handled';
create index letters_due on letters (next_attempt_at, id) where handled_at is null;
create index letters_by_address on letters (email_hash, kind, created_at);
create index letters_by_age on letters (created_at);
create index letters_by_user on letters (user_id) where user_id is not null;

create table known_devices (
    user_id uuid not null references users (id) on delete cascade,
    fingerprint bytea not null check (octet_length(fingerprint) = 32),
    first_seen_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    primary key (user_id, fingerprint)
);
comment on table known_devices is 'Device and network an account was signed in from, as a hash; a sign-in from another one is told by mail';
create index known_devices_by_age on known_devices (last_seen_at);
