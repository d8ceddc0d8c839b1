drop table audit_events, one_time_tokens;
alter table invitations drop column role_id;
alter table memberships drop column role_id;
drop table roles;
alter table sessions drop column second_factor, drop column method;
alter table organizations drop column version, drop column audit_retention_days, drop column switch_without_password,
    drop column password_sign_in, drop column require_second_factor, drop column allowed_email_domains;
delete from users where password_hash is null;
alter table users drop column preferences, drop column locale, drop column timezone, drop column bio, drop column email_verified_at,
    alter column password_hash set not null;
comment on column users.password_hash is null;
