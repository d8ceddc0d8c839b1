-- Sessions with rotating refresh tokens, invitations, the keys that sign access tokens, and mail waiting to be sent.

create table sessions (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    tenant_id uuid not null,
    user_agent text,
    address text,
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoke_reason text,
    foreign key (tenant_id, user_id) references memberships (tenant_id, user_id) on delete cascade
);
comment on table sessions is 'One row a login; an access token names its session and dies with it';
create index sessions_by_member on sessions (tenant_id, user_id) where revoked_at is null;
create index sessions_by_user on sessions (user_id);
create index sessions_revoked on sessions (revoked_at) where revoked_at is not null;
create index sessions_by_expiry on sessions (expires_at);

create table refresh_tokens (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    session_id uuid not null references sessions (id) on delete cascade,
    issued_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
comment on table refresh_tokens is 'SHA-256 of every refresh token of a session; a second use of one revokes the session';
create index refresh_tokens_by_session on refresh_tokens (session_id);
create index refresh_tokens_by_expiry on refresh_tokens (expires_at);

create table invitations (
    id uuid primary key,
    tenant_id uuid not null references organizations (tenant_id) on delete cascade,
    email text not null check (email = lower(email) and char_length(email) between 3 and 320),
    role text not null check (role in ('owner', 'admin', 'manager', 'member', 'viewer')),
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    invited_by uuid not null references users (id) on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    accepted_at timestamptz,
    revoked_at timestamptz
);
comment on table invitations is 'Invitations by mail; open while neither accepted, revoked nor expired';
create index invitations_page on invitations (tenant_id, created_at desc, id desc);
create index invitations_open on invitations (tenant_id, email) where accepted_at is null and revoked_at is null;
create index invitations_by_inviter on invitations (invited_by);

create table signing_keys (
    kid text primary key,
    sealed_private bytea not null,
    public_key bytea not null,
    created_at timestamptz not null default now(),
    retired_at timestamptz
);
comment on table signing_keys is 'Ed25519 keys of access tokens; the private half is sealed, a retired key only verifies';

create table mail_queue (
    id uuid primary key,
    recipient text not null check (recipient <> ''),
    subject text not null,
    text_body text not null,
    html_body text not null,
    created_at timestamptz not null default now(),
    next_attempt_at timestamptz not null default now(),
    attempts integer not null default 0,
    sent_at timestamptz,
    last_error text
);
comment on table mail_queue is 'Mail written in the transaction that caused it and sent afterwards';
create index mail_queue_due on mail_queue (next_attempt_at, id) where sent_at is null;
create index mail_queue_sent on mail_queue (sent_at) where sent_at is not null;
