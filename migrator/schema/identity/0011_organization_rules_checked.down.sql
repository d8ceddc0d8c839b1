alter table users drop constraint users_bio_check, drop constraint users_timezone_check,
    drop constraint users_locale_check, drop constraint users_preferences_check;
alter table users
    add constraint users_bio_check check (char_length(bio) <= 2000) not valid,
    add constraint users_timezone_check check (char_length(timezone) <= 64) not valid,
    add constraint users_locale_check check (char_length(locale) <= 35) not valid,
    add constraint users_preferences_check check (jsonb_typeof(preferences) = 'object') not valid;
alter table organizations drop constraint organizations_audit_retention_days_check;
alter table organizations
    add constraint organizations_audit_retention_days_check check (audit_retention_days between 30 and 3650) not valid;
alter table memberships drop constraint memberships_role_id_fkey;
alter table memberships add constraint memberships_role_id_fkey foreign key (role_id) references roles (id) not valid;
alter table invitations drop constraint invitations_role_id_fkey;
alter table invitations
    add constraint invitations_role_id_fkey foreign key (role_id) references roles (id) on delete cascade not valid;
