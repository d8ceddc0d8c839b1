-- Second factors: codes by time (RFC 6238), codes for the day the device is lost, and passkeys (WebAuthn).

create table totp_devices (
    user_id uuid primary key references users (id) on delete cascade,
    sealed_secret bytea not null,
    confirmed_at timestamptz,
    last_step bigint,
    created_at timestamptz not null default now()
);
comment on table totp_devices is 'The shared secret, sealed; last_step is the time step of the last code taken, which is good once';

create table recovery_codes (
    code_hash bytea primary key check (octet_length(code_hash) = 32),
    user_id uuid not null references users (id) on delete cascade,
    used_at timestamptz
);
comment on table recovery_codes is 'SHA-256 of codes that stand in for a lost second factor, each once';
create index recovery_codes_by_user on recovery_codes (user_id);

create table passkeys (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    credential_id bytea not null unique,
    credential jsonb not null,
    name text not null check (char_length(name) between 1 and 100),
    created_at timestamptz not null default now(),
    last_used_at timestamptz
);
comment on table passkeys is 'Public keys of authenticators (WebAuthn level 3)';
create index passkeys_by_user on passkeys (user_id);

create table second_factor_attempts (
    user_id uuid primary key references users (id) on delete cascade,
    wrong integer not null,
    blocked_until timestamptz not null
);
comment on table second_factor_attempts is 'Codes tried in a row, counted before they are checked; gone once one is right';
