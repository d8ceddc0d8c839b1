alter table links drop constraint links_resource_kind_known, drop constraint links_target_check,
    drop constraint links_label_check, drop constraint links_slug_check;
alter table links
    add constraint links_resource_kind_known check (resource_kind in ('task', 'board', 'project', 'view', 'url')) not valid,
    add constraint links_target_check check ((resource_kind = 'url') = (target is not null)) not valid,
    add constraint links_label_check check (char_length(label) <= 200) not valid,
    add constraint links_slug_check check (slug ~ '^[a-z0-9](-?[a-z0-9])*$' and char_length(slug) between 3 and 64) not valid;
