-- What 0005 added unchecked, read through with the tables in use; workspaces and projects are few.

alter table workspaces
    validate constraint workspaces_description_check,
    validate constraint workspaces_settings_check,
    validate constraint workspaces_owner_id_fkey;
alter table projects
    validate constraint projects_budget_check,
    validate constraint projects_settings_check,
    validate constraint projects_owner_id_fkey,
    validate constraint projects_team_id_fkey;

-- lint: allow index_blocks_writes: workspaces and projects are some hundreds of rows
create index workspaces_page on workspaces (name, id);
create index workspaces_by_owner on workspaces (owner_id) where owner_id is not null;
create index projects_by_owner on projects (owner_id) where owner_id is not null;
create index projects_by_team on projects (team_id) where team_id is not null;
create index projects_in_trash on projects (deleted_at desc, id desc) where deleted_at is not null;
