-- Pictures of people, as small as they are shown.

create table avatars (
    user_id uuid primary key references users (id) on delete cascade,
    content_type text not null,
    content bytea not null check (octet_length(content) <= 262144),
    etag text not null,
    updated_at timestamptz not null default now()
);
comment on table avatars is 'Pictures of people, decoded and written anew by the service';
