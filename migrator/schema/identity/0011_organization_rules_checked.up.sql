-- What 0005 added unchecked, read through with the tables in use.

alter table users
    validate constraint users_bio_check,
    validate constraint users_timezone_check,
    validate constraint users_locale_check,
    validate constraint users_preferences_check;
alter table organizations validate constraint organizations_audit_retention_days_check;
alter table memberships validate constraint memberships_role_id_fkey;
alter table invitations validate constraint invitations_role_id_fkey;
