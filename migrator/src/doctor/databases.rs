//! What the catalog knows against what the servers have, and what was left unfinished.

use std::collections::BTreeSet;

use super::server::connect;
use super::{DoctorError, Notes, some};
use crate::error::Error;
use crate::fleet::Fleet;
use crate::registry::{Cluster, RegistryError};

/// A tenant being built or removed may have a database without a row, or a row without a database.
const SETTLED: [&str; 5] = ["spare", "active", "suspended", "moving", "migrating"];

/// What the catalog itself tells.
pub(super) async fn catalog(fleet: &Fleet) -> Result<Vec<super::Finding>, DoctorError> {
    let mut notes = Notes::new("-");
    let connection = fleet.registry.connection().await?;
    let strings = async |sql: &str| -> Result<Vec<String>, RegistryError> {
        let rows = connection.query(sql, &[]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    };
    let leases = "select format('%s, held by %s until %s', name, holder, expires_at) from leases where expires_at < now()";
    for lease in strings(leases).await? {
        let remedy = "nothing to do when the work goes on by itself; else look for a dead process";
        notes.hint("leases", format!("an expired lease: {lease}"), remedy);
    }
    let moves = "select format('%s: %s since %s%s', coalesce(t.subdomain, m.tenant_id::text), m.stage, m.started_at, ', ' || m.error)
        from tenant_moves m left join tenants t on t.id = m.tenant_id where m.finished_at is null
            and m.started_at < now() - interval '1 hour'";
    for unfinished in strings(moves).await? {
        let remedy = "`migrator tenants move` of the same tenant finishes or undoes it";
        notes.mend("moves", format!("an unfinished move: {unfinished}"), remedy);
    }
    let held = "select coalesce(subdomain, id::text) from tenants
        where status in ('moving', 'migrating') and held_until < now() - interval '1 minute'";
    for tenant in strings(held).await? {
        let remedy = "see that the resolver runs: its sweeper ends holds";
        notes.mend("holds", format!("{tenant} is held beyond its time"), remedy);
    }
    let stuck = "select coalesce(subdomain, database_name) || ': ' || status from tenants
        where status in ('provisioning', 'failed') and status_changed_at < now() - interval '1 hour'";
    let stuck = strings(stuck).await?;
    if !stuck.is_empty() {
        let remedy = "see the resolver's log: its sweeper finishes or removes them";
        notes.mend(
            "tenants",
            format!("not built within an hour: {}", some(&stuck)),
            remedy,
        );
    }
    let runs = "select holder from migration_runs where outcome is null and started_at < now() - interval '1 day'";
    for holder in strings(runs).await? {
        let problem = format!("a run of {holder} never ended");
        notes.hint("runs", problem, "`migrator up --resume`");
    }
    Ok(notes.findings)
}

/// A server's databases and roles.
pub(super) async fn examine(
    fleet: &Fleet,
    cluster: &Cluster,
    notes: &mut Notes,
) -> Result<(), Error> {
    let session = connect(fleet, cluster).await?;
    let result = compare(fleet, cluster, session.client(), notes).await;
    session.close().await;
    result
}

async fn compare(
    fleet: &Fleet,
    cluster: &Cluster,
    client: &tokio_postgres::Client,
    notes: &mut Notes,
) -> Result<(), Error> {
    let strings = async |sql: &str| -> Result<Vec<String>, Error> {
        let rows = client.query(sql, &[]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    };
    let open = "select datname from pg_database d where datallowconn and not datname like 'template_'
        and exists (select from aclexplode(coalesce(datacl, acldefault('d', datdba))) where grantee = 0 and privilege_type = 'CONNECT')";
    let open = strings(open).await?;
    if !open.is_empty() {
        let problem = format!("every role may connect to {}", some(&open));
        let remedy = "revoke connect on database … from public; tenants: `migrator verify --fix`";
        notes.mend("connect", problem, remedy);
    }
    let invalid = "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where not i.indisvalid";
    let invalid = strings(invalid).await?;
    if !invalid.is_empty() {
        let problem = format!("invalid indexes in the template: {}", some(&invalid));
        notes.mend(
            "template",
            problem,
            "`migrator up` builds what a step left; drop the others by hand",
        );
    }
    let is = |name: &String| name.starts_with("tenant_") && name.len() == "tenant_".len() + 32;
    let databases = strings("select datname from pg_database").await?;
    let databases: BTreeSet<String> = databases.into_iter().filter(is).collect();
    let roles = strings("select rolname from pg_roles").await?;
    let roles: BTreeSet<String> = roles.into_iter().filter(is).collect();
    let rows = match fleet.registry.tenants().await {
        Ok(rows) => rows,
        // The catalog answered a moment ago, and will be asked again.
        Err(_gone) => return Ok(()),
    };
    let elsewhere: BTreeSet<&str> = rows.iter().map(|row| row.database.as_str()).collect();
    let orphans: Vec<String> = databases
        .iter()
        .filter(|name| !elsewhere.contains(name.as_str()))
        .cloned()
        .collect();
    if !orphans.is_empty() {
        let problem = format!("databases without a row in the catalog: {}", some(&orphans));
        notes.mend(
            "orphans",
            problem,
            "wait for the resolver's sweeper, or drop them by hand",
        );
    }
    let known: BTreeSet<&str> = rows.iter().map(|row| row.role.as_str()).collect();
    let orphans: Vec<String> = roles
        .iter()
        .filter(|name| !known.contains(name.as_str()))
        .cloned()
        .collect();
    if !orphans.is_empty() {
        let problem = format!("roles without a row in the catalog: {}", some(&orphans));
        notes.mend(
            "orphans",
            problem,
            "wait for the resolver's sweeper, or drop them by hand",
        );
    }
    let lost: Vec<String> = rows
        .iter()
        .filter(|row| row.cluster == cluster.name && SETTLED.contains(&row.status.as_str()))
        .filter(|row| !databases.contains(&row.database))
        .map(|row| {
            row.subdomain
                .clone()
                .unwrap_or_else(|| row.database.clone())
        })
        .collect();
    if !lost.is_empty() {
        let problem = format!("rows without a database: {}", some(&lost));
        notes.mend(
            "lost",
            problem,
            "restore them with `migrator tenants restore`, or delete them",
        );
    }
    Ok(())
}
