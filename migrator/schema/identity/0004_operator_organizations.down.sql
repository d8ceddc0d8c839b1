delete from invitations where invited_by is null;
alter table invitations alter column invited_by set not null;
alter table mail_queue drop column tenant_id;
alter table organizations drop column named_at, drop column greet;
comment on column invitations.invited_by is null;
