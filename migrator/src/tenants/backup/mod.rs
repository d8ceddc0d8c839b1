//! Backups of tenants: a `pg_dump` in custom format and, beside it, a manifest that says what is in it.
//!
//! Dump, row counts and checksums are of one snapshot. The manifest is written last: a backup without one is none.

mod files;
mod manifest;
mod shelf;

use std::path::Path;

use kernel::TenantId;

use super::beside::{Beside, major_of, tenant_of, version_of};
use super::sums::{self, Depth};
use super::tools::Tools;
use super::{Error, Operator, Subject, Tell};
use crate::clusters;

pub use manifest::Manifest;
pub use shelf::{Backup, Retention, Shelf};

pub(crate) use files::Partial;

/// Backs one tenant up, and removes old backups of it as the rule says, once the new one is safe.
pub async fn make(
    operator: &Operator,
    shelf: &Shelf,
    subject: &Subject,
    retention: Retention,
) -> Result<Backup, Error> {
    let folder = shelf.folder(subject.id);
    files::make_folder(&folder).await?;
    let created_at = operator.clock.now();
    let stamp = created_at.format("%Y%m%dT%H%M%S%3fZ").to_string();
    let partial = Partial::create(folder.join(format!("{stamp}.dump.partial"))).await?;
    let client = operator
        .connect(&subject.cluster, &subject.database)
        .await?;
    let begin = "begin isolation level repeatable read read only";
    let snapshot = client.batch_execute(begin).await;
    snapshot.map_err(Error::sql("begin a snapshot"))?;
    if tenant_of(&client).await? != subject.id {
        let database = &subject.database;
        return Err(Error::Refused(format!(
            "{database} belongs to another tenant"
        )));
    }
    let row = client.query_one("select pg_export_snapshot()", &[]).await;
    let snapshot: String = row
        .and_then(|row| row.try_get(0))
        .map_err(Error::sql("export a snapshot"))?;
    let server_version = major_of(&client).await?;
    let schema_version = version_of(&client).await?;
    let tools = Tools::find(server_version).await?;
    let address = operator.at(&subject.cluster, &subject.database)?;
    let (dumped, tables) = tokio::join!(
        tools.dump(&address, &snapshot, partial.path()),
        sums::take(&client, Depth::Values)
    );
    dumped?;
    let tables = tables?;
    drop(client);
    let (size_bytes, sha256) = files::seal(partial.path()).await?;
    let file = format!("{stamp}.dump");
    let dump = folder.join(&file);
    partial.keep_as(&dump).await?;
    let manifest = Manifest {
        format: manifest::FORMAT,
        tenant_id: subject.id,
        subdomain: subject.label(),
        name: subject.name.clone().unwrap_or_default(),
        cluster: subject.cluster.name.clone(),
        schema_version,
        server_version,
        created_at,
        file,
        size_bytes,
        sha256,
        tables,
    };
    manifest
        .write(&folder.join(format!("{stamp}.json")))
        .await?;
    let backup = Backup { manifest, dump };
    shelf.prune(subject.id, retention, created_at).await?;
    Ok(backup)
}

/// Reads the backup back into a database of its own, compares every table, and drops it again.
pub async fn verify(operator: &Operator, backup: &Backup, tell: Tell<'_>) -> Result<(), Error> {
    let manifest = &backup.manifest;
    backup.check().await?;
    tell(&format!("{}: restore and compare", manifest.subdomain));
    let places = clusters::list(&operator.registry).await?;
    let own = places.iter().find(|place| place.name == manifest.cluster);
    let place = own
        .or_else(|| places.iter().find(|place| place.open))
        .ok_or_else(|| Error::UnknownCluster(manifest.cluster.clone()))?;
    let name = format!("{}_verify", database_name(manifest.tenant_id));
    let beside = Beside::make(operator, place, name).await?;
    let filled = fill(&beside, backup).await;
    beside.remove().await;
    filled
}

/// Reads a backup into a database beside, and compares.
pub(crate) async fn fill(beside: &Beside, backup: &Backup) -> Result<(), Error> {
    let server = major_of(&beside.server).await?;
    let wrote = backup.manifest.server_version;
    if server < wrote {
        return Err(Error::Refused(format!(
            "the backup is of PostgreSQL {wrote}, this cluster runs {server}"
        )));
    }
    let tools = Tools::find(server).await?;
    beside
        .fill(&tools, &backup.dump, &backup.manifest.tables)
        .await
}

/// The database of a tenant, by its id alone.
pub(crate) fn database_name(tenant: TenantId) -> String {
    format!("tenant_{}", tenant.uuid().simple())
}

/// The folder's path as a person typed it, for messages.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
