-- Signing in with an account elsewhere (OAuth 2.0, OpenID Connect).

create table identity_providers (
    id uuid primary key,
    tenant_id uuid not null references organizations (tenant_id) on delete cascade,
    name text not null check (char_length(name) between 1 and 100),
    issuer text not null check (char_length(issuer) between 8 and 500),
    client_id text not null check (char_length(client_id) between 1 and 300),
    sealed_client_secret bytea not null,
    active boolean not null default true,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table identity_providers is 'OpenID providers of organizations; those of everybody are configured by the operator';
create index identity_providers_by_tenant on identity_providers (tenant_id);

create table external_identities (
    provider text not null check (char_length(provider) between 1 and 100),
    subject text not null check (char_length(subject) between 1 and 255),
    user_id uuid not null references users (id) on delete cascade,
    identity_provider_id uuid references identity_providers (id) on delete cascade,
    linked_at timestamptz not null default now(),
    last_used_at timestamptz,
    primary key (provider, subject),
    check (identity_provider_id is null or provider = identity_provider_id::text)
);
comment on table external_identities is 'Accounts elsewhere that open an account here; provider is google, github, slack or the id of an identity provider';
comment on column external_identities.identity_provider_id is 'the provider of an organization; null for one of the operator''s';
create unique index external_identities_by_user on external_identities (user_id, provider);
create index external_identities_by_provider on external_identities (identity_provider_id) where identity_provider_id is not null;

create table provider_attempts (
    state_hash bytea primary key check (octet_length(state_hash) = 32),
    browser_hash bytea not null check (octet_length(browser_hash) = 32),
    tenant_id uuid not null references organizations (tenant_id) on delete cascade,
    provider text not null,
    user_id uuid references users (id) on delete cascade,
    sealed_secrets bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
comment on table provider_attempts is 'Sign-ins that went to a provider and have not come back; user_id is who links an account from inside a session';
comment on column provider_attempts.browser_hash is 'SHA-256 of the cookie of the browser that set out; no other may come back';
comment on column provider_attempts.sealed_secrets is 'the PKCE verifier and the nonce';
create index provider_attempts_by_expiry on provider_attempts (expires_at);
create index provider_attempts_by_tenant on provider_attempts (tenant_id);
create index provider_attempts_by_user on provider_attempts (user_id) where user_id is not null;
