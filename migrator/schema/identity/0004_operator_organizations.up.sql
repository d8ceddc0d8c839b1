-- Organizations that an operator makes: nobody who is there invites its first owner, and nobody is greeted. A rename is
-- taken in by the time it was told; queued mail goes with the organization it is about.

alter table organizations
    add column greet boolean not null default true,
    add column named_at timestamptz;
comment on column organizations.greet is 'whether its founder gets a mail once it is there';
comment on column organizations.named_at is 'when the last rename that was taken in was told; older news changes nothing';

alter table invitations alter column invited_by drop not null;
comment on column invitations.invited_by is 'who invited; null for the operator';

alter table mail_queue add column tenant_id uuid;
comment on column mail_queue.tenant_id is 'the organization it is about; null in mail of before this column';
