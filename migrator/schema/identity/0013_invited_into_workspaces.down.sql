alter table invitations drop column workspace_role, drop column workspace_id;
