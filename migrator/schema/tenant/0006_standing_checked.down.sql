drop index projects_in_trash, projects_by_team, projects_by_owner, workspaces_by_owner, workspaces_page;
alter table projects drop constraint projects_budget_check, drop constraint projects_settings_check,
    drop constraint projects_owner_id_fkey, drop constraint projects_team_id_fkey;
alter table projects
    add constraint projects_budget_check check (budget >= 0) not valid,
    add constraint projects_settings_check check (jsonb_typeof(settings) = 'object') not valid,
    add constraint projects_owner_id_fkey foreign key (owner_id) references people (id) not valid,
    add constraint projects_team_id_fkey foreign key (team_id) references teams (id) on delete set null not valid;
alter table workspaces drop constraint workspaces_description_check, drop constraint workspaces_settings_check,
    drop constraint workspaces_owner_id_fkey;
alter table workspaces
    add constraint workspaces_description_check check (char_length(description) <= 2000) not valid,
    add constraint workspaces_settings_check check (jsonb_typeof(settings) = 'object') not valid,
    add constraint workspaces_owner_id_fkey foreign key (owner_id) references people (id) not valid;
