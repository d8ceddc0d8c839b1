-- What 0014 added unchecked, read through with the table in use.

alter table comments
    validate constraint comments_subject_check,
    validate constraint comments_project_id_fkey,
    validate constraint comments_parent_id_fkey;
