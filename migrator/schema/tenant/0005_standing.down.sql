drop table activities, favourites;
alter table projects drop column archived_at, drop column settings, drop column team_id, drop column owner_id,
    drop column budget, drop column is_public;
drop table workspace_members;
alter table workspaces drop column settings, drop column is_active, drop column is_public, drop column owner_id,
    drop column description;
