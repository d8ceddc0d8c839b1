-- What 0002 added unchecked, read through with the table in use.

alter table links
    validate constraint links_resource_kind_known,
    validate constraint links_target_check,
    validate constraint links_label_check,
    validate constraint links_slug_check;
