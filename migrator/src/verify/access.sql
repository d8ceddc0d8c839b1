-- Who may enter the database, and what the tenant's role is: the same for every tenant, by rule. $TENANT is the role.
select format('grant %s on database to %s', g.privilege_type, case when g.grantee = 0 then 'public'
        when g.grantee::regrole::text = $TENANT then '<tenant>' else g.grantee::regrole::text end),
    case when g.is_grantable then 'with grant option' else 'granted' end
from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) g
where d.datname = current_database() and g.grantee <> d.datdba
union all
select 'role <tenant>', concat_ws(', ', case when rolcanlogin then 'login' else 'no login' end, case when rolsuper then 'superuser' end,
    case when rolcreatedb then 'createdb' end, case when rolcreaterole then 'createrole' end,
    case when rolreplication then 'replication' end, case when rolbypassrls then 'bypassrls' end,
    case when not rolinherit then 'noinherit' end)
from pg_roles where rolname = $TENANT
union all
select format('role <tenant> in %s', m.roleid::regrole), case when m.admin_option then 'with admin option' else 'member' end
from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname = $TENANT
