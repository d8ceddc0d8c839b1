-- Links to more than tasks, with a name, a start, a pause, a chosen slug; and what is kept of opens until it is told.

alter table links
    add column label text,
    add column slug text,
    add column target text,
    add column starts_at timestamptz,
    add column paused_at timestamptz,
    add column show_comments boolean not null default false,
    add column show_people boolean not null default false,
    add column notify_first_open boolean not null default false,
    add column first_opened_at timestamptz,
    add column last_opened_at timestamptz,
    add column ended_at timestamptz,
    drop constraint links_resource_kind_check,
    add constraint links_resource_kind_known check (resource_kind in ('task', 'board', 'project', 'view', 'url')) not valid,
    add constraint links_target_check check ((resource_kind = 'url') = (target is not null)) not valid,
    add constraint links_label_check check (char_length(label) <= 200) not valid,
    add constraint links_slug_check check (slug ~ '^[a-z0-9](-?[a-z0-9])*$' and char_length(slug) between 3 and 64) not valid;
comment on column links.slug is 'a second address that somebody chose; guests are told less about it than about the code';
comment on column links.target is 'path on the organization''s own host, of a link to an address';
comment on column links.ended_at is 'when its end was told; null again when it is given more time or more opens';

create table slugs (
    tenant_id uuid not null,
    slug_hash bytea not null check (octet_length(slug_hash) = 32),
    link_id uuid references links (id) on delete set null deferrable initially deferred,
    created_at timestamptz not null default now(),
    primary key (tenant_id, slug_hash)
);
comment on table slugs is 'Every slug an organization ever had, by SHA-256: none leads to another link one day';
create index slugs_by_link on slugs (link_id);

create table visit_journals (
    id uuid primary key,
    counted bigint not null default 0 check (counted >= 0),
    told bigint not null default 0 check (told >= 0),
    updated_at timestamptz not null default now()
);
comment on table visit_journals is 'How far the visits in a journal file were counted and told, in bytes; written with what it says';
