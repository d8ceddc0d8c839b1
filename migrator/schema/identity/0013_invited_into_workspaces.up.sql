-- The workspace that an invitation leads into beside the organization; its service keeps who is in it.

alter table invitations
    add column workspace_id uuid,
    add column workspace_role text;
