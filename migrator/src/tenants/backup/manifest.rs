//! What a backup says of itself.

use std::path::Path;

use chrono::{DateTime, Utc};
use kernel::TenantId;
use serde::{Deserialize, Serialize};

use super::files::Partial;
use crate::tenants::{Error, Sums};

/// Moves on when an older migrator could not read a newer backup.
pub(super) const FORMAT: u32 = 1;

/// The JSON beside a dump.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Of the manifest itself.
    pub format: u32,
    /// Whose backup it is.
    pub tenant_id: TenantId,
    /// The name it answered to then.
    pub subdomain: String,
    /// The organization's name then.
    pub name: String,
    /// The cluster it lived on then.
    pub cluster: String,
    /// The version of the tenant schema.
    pub schema_version: Option<String>,
    /// PostgreSQL's major version.
    pub server_version: u32,
    /// When the snapshot was taken.
    pub created_at: DateTime<Utc>,
    /// The dump, in the same folder.
    pub file: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// What every table holds.
    pub tables: Sums,
}

impl Manifest {
    pub(super) async fn write(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(self);
        let text = text.map_err(|source| Error::Json {
            step: "write a manifest",
            source,
        })?;
        let partial = Partial::create(path.with_extension("json.partial")).await?;
        let write = async {
            let mut file = tokio::fs::File::create(partial.path()).await?;
            tokio::io::AsyncWriteExt::write_all(&mut file, &text).await?;
            file.sync_all().await
        };
        write.await.map_err(Error::file("write", path))?;
        partial.keep_as(path).await
    }

    pub(super) async fn read(path: &Path) -> Result<Self, Error> {
        let text = tokio::fs::read(path)
            .await
            .map_err(Error::file("read", path))?;
        let damaged = |why: String| Error::Damaged {
            path: path.to_owned(),
            why,
        };
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        match manifest.format {
            FORMAT => Ok(manifest),
            other => Err(damaged(format!(
                "written by a newer migrator (format {other})"
            ))),
        }
    }
}
