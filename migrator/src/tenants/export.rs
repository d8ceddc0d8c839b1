//! What an organization takes with it: a `.tar.gz` with its rows as JSON lines, a file a table, and a manifest.
//!
//! All files are of one snapshot. Left out is what is ours and not theirs: first answers to repeated requests, events
//! under way, the record of schema versions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::TryStreamExt;
use kernel::TenantId;
use serde::Serialize;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio_postgres::Client;

use super::backup::Partial;
use super::beside::version_of;
use super::{Error, Operator, Subject, Tell, quoted, sums};

/// Tables that hold nothing of the organization's own.
const LEFT_OUT: [&str; 4] = [
    "idempotency_keys",
    "outbox",
    "schema_checksums",
    "seaql_migrations",
];
const STEP: &str = "read a table";

/// What an archive says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// Whose rows they are.
    pub tenant_id: TenantId,
    /// Where it answers.
    pub subdomain: String,
    /// What the organization is called.
    pub name: String,
    /// When the snapshot was taken.
    pub exported_at: DateTime<Utc>,
    /// The version of the tenant schema.
    pub schema_version: Option<String>,
    /// Rows by table; the file of each is `<table>.jsonl`.
    pub tables: BTreeMap<String, u64>,
}

/// Writes a tenant's archive; the file appears when it is whole.
pub async fn export(
    operator: &Operator,
    subject: &Subject,
    out: &Path,
    tell: Tell<'_>,
) -> Result<Manifest, Error> {
    let archive = Partial::create(with_suffix(out, "partial")).await?;
    let client = operator
        .connect(&subject.cluster, &subject.database)
        .await?;
    let begin = "begin isolation level repeatable read read only";
    let begun = client.batch_execute(begin).await;
    begun.map_err(Error::sql("begin a snapshot"))?;
    let mut manifest = Manifest {
        tenant_id: subject.id,
        subdomain: subject.label(),
        name: subject.name.clone().unwrap_or_default(),
        exported_at: operator.clock.now(),
        schema_version: version_of(&client).await?,
        tables: BTreeMap::new(),
    };
    let mut parts = Vec::new();
    for (schema, table) in tables(&client).await? {
        tell(&table);
        let part = Partial::create(with_suffix(out, &format!("{table}.partial"))).await?;
        let rows = write_table(&client, &schema, &table, part.path()).await?;
        manifest.tables.insert(table.clone(), rows);
        parts.push((format!("{table}.jsonl"), part));
    }
    drop(client);
    tell("compress");
    let document = serde_json::to_vec_pretty(&manifest);
    let document = document.map_err(|source| Error::Json {
        step: "write a manifest",
        source,
    })?;
    let folder = format!("{}-{}", subject.label(), manifest.exported_at.format("%F"));
    let modified = u64::try_from(manifest.exported_at.timestamp()).unwrap_or_default();
    let path = archive.path().to_owned();
    let packed = tokio::task::spawn_blocking(move || {
        let packed = pack(&path, &folder, modified, &document, &parts);
        // The parts are removed here, on the thread that may block.
        drop(parts);
        packed
    });
    let packed = packed.await.map_err(std::io::Error::other);
    packed
        .and_then(|packed| packed)
        .map_err(Error::file("write", out))?;
    archive.keep_as(out).await?;
    Ok(manifest)
}

async fn tables(client: &Client) -> Result<Vec<(String, String)>, Error> {
    let sql = format!("{} order by 2, 1", sums::TABLES);
    let rows = client.query(&sql, &[]).await.map_err(Error::sql(STEP))?;
    let read = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
    let tables: Result<Vec<(String, String)>, _> = rows.iter().map(read).collect();
    let mut tables = tables.map_err(Error::sql(STEP))?;
    tables.retain(|(_, table)| !LEFT_OUT.contains(&table.as_str()));
    Ok(tables)
}

/// Row by row, so that a large table needs no memory.
async fn write_table(
    client: &Client,
    schema: &str,
    table: &str,
    path: &Path,
) -> Result<u64, Error> {
    let sql = "select to_jsonb(r)::text from only %I.%I r";
    let sql = quoted(client, STEP, sql, &[schema, table]).await?;
    let nothing: [&str; 0] = [];
    let rows = client
        .query_raw(&sql, nothing)
        .await
        .map_err(Error::sql(STEP))?;
    futures::pin_mut!(rows);
    let write = Error::file("write", path);
    let file = tokio::fs::File::create(path).await.map_err(&write)?;
    let mut file = BufWriter::new(file);
    let mut count = 0_u64;
    while let Some(row) = rows.try_next().await.map_err(Error::sql(STEP))? {
        let line: &str = row.try_get(0).map_err(Error::sql(STEP))?;
        file.write_all(line.as_bytes()).await.map_err(&write)?;
        file.write_all(b"\n").await.map_err(&write)?;
        count = count.saturating_add(1);
    }
    file.flush().await.map_err(&write)?;
    Ok(count)
}

fn pack(
    path: &Path,
    folder: &str,
    modified: u64,
    manifest: &[u8],
    parts: &[(String, Partial)],
) -> std::io::Result<()> {
    let file = std::fs::File::create(path)?;
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    let header = |size| {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(modified);
        header
    };
    let size = u64::try_from(manifest.len()).unwrap_or_default();
    archive.append_data(
        &mut header(size),
        format!("{folder}/manifest.json"),
        manifest,
    )?;
    for (name, part) in parts {
        let mut rows = std::fs::File::open(part.path())?;
        let size = rows.metadata()?.len();
        archive.append_data(&mut header(size), format!("{folder}/{name}"), &mut rows)?;
    }
    archive.into_inner()?.finish()?.sync_all()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}
