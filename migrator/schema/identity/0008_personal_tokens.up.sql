-- Personal access tokens, and signing keys that are published before they sign.

create table personal_tokens (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    name text not null check (char_length(name) between 1 and 100),
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    hint text not null,
    scopes text[] not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    foreign key (tenant_id, user_id) references memberships (tenant_id, user_id) on delete cascade
);
comment on table personal_tokens is 'Access tokens for programs; SHA-256 only, hint is what the owner knows it by';
create index personal_tokens_by_member on personal_tokens (tenant_id, user_id, created_at desc, id desc) where revoked_at is null;
create index personal_tokens_page on personal_tokens (tenant_id, created_at desc, id desc) where revoked_at is null;
create index personal_tokens_by_user on personal_tokens (user_id) where revoked_at is null;
create index personal_tokens_by_expiry on personal_tokens (expires_at);
create index personal_tokens_revoked on personal_tokens (revoked_at) where revoked_at is not null;

alter table signing_keys add column signs_from timestamptz;
comment on column signing_keys.signs_from is 'when it begins to sign, published before; null for keys of before this column';
