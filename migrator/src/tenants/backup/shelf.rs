//! The folder of backups: one folder a tenant, by its id; finding one, and removing old ones.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::TenantId;
use tokio::fs;

use super::files;
use super::manifest::Manifest;
use crate::tenants::Error;

/// What a crash left half-written is rubbish after so long.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// Where backups are.
#[derive(Clone, Debug)]
pub struct Shelf(PathBuf);

/// A whole backup: manifest and dump.
#[derive(Clone, Debug)]
pub struct Backup {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The dump's path.
    pub dump: PathBuf,
}

/// Which old backups of a tenant go. A backup goes when every rule given lets it go; the newest never does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Retention {
    /// So many stay.
    pub keep: Option<usize>,
    /// Those of so many days stay.
    pub keep_days: Option<u32>,
}

impl Retention {
    /// Whether the backup with so many newer ones, of that moment, may go.
    fn lets_go(self, newer: usize, made_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let many = self.keep.is_none_or(|keep| newer >= keep.max(1));
        let old = self
            .keep_days
            .is_none_or(|days| now - made_at > TimeDelta::days(i64::from(days)));
        let any_rule = self.keep.is_some() || self.keep_days.is_some();
        any_rule && newer > 0 && many && old
    }
}

impl Backup {
    /// How it is named on the command line.
    pub fn reference(&self) -> String {
        let stamp = Path::new(&self.manifest.file).file_stem();
        let stamp = stamp.unwrap_or_default().to_string_lossy();
        format!("{}/{stamp}", self.manifest.subdomain)
    }

    /// The dump is the one that was written.
    pub async fn check(&self) -> Result<(), Error> {
        let (size, sha256) = files::digest(&self.dump).await?;
        let manifest = &self.manifest;
        if (size, sha256.as_str()) == (manifest.size_bytes, manifest.sha256.as_str()) {
            return Ok(());
        }
        Err(Error::Damaged {
            path: self.dump.clone(),
            why: "its size or SHA-256 is not what its manifest says: use another backup".to_owned(),
        })
    }
}

impl Shelf {
    /// The folder of all backups.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub(super) fn folder(&self, tenant: TenantId) -> PathBuf {
        self.0.join(tenant.to_string())
    }

    /// Every whole backup, newest first; of one tenant by id or by a subdomain it had, if asked.
    pub async fn list(&self, of: Option<&str>) -> Result<Vec<Backup>, Error> {
        let mut backups = Vec::new();
        for folder in entries(&self.0).await? {
            if folder.is_dir() {
                backups.extend(whole(&folder).await?);
            }
        }
        if let Some(name) = of {
            backups.retain(|backup| {
                let manifest = &backup.manifest;
                manifest.subdomain == name || manifest.tenant_id.to_string() == name
            });
        }
        backups.sort_by_key(|backup| std::cmp::Reverse(backup.manifest.created_at));
        Ok(backups)
    }

    /// A backup by the path of its dump or manifest, by `name/stamp`, or the newest of a `name`.
    pub async fn find(&self, reference: &str) -> Result<Backup, Error> {
        let path = Path::new(reference);
        if path.is_file() {
            return read(&path.with_extension("json")).await;
        }
        let (name, stamp) = match reference.split_once('/') {
            Some((name, stamp)) => (name, Some(stamp)),
            None => (reference, None),
        };
        let mut found = self.list(Some(name)).await?;
        let file = stamp.map(|stamp| format!("{stamp}.dump"));
        found.retain(|backup| {
            file.as_ref()
                .is_none_or(|file| backup.manifest.file == *file)
        });
        let owners: BTreeSet<_> = found
            .iter()
            .map(|backup| backup.manifest.tenant_id)
            .collect();
        if owners.len() > 1 {
            let owners: Vec<_> = owners.iter().map(ToString::to_string).collect();
            return Err(Error::Refused(format!(
                "several tenants were called {name}: name one by its id, {}",
                owners.join(" or ")
            )));
        }
        let newest = found.into_iter().next();
        newest.ok_or_else(|| {
            let folder = super::shown(&self.0);
            Error::Refused(format!(
                "no whole backup {reference} in {folder}: see `migrator tenants backups`"
            ))
        })
    }

    /// Removes what the rule lets go, and what a crash left long ago.
    pub(super) async fn prune(
        &self,
        tenant: TenantId,
        retention: Retention,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let folder = self.folder(tenant);
        let mut backups = whole(&folder).await?;
        backups.sort_by_key(|backup| std::cmp::Reverse(backup.manifest.created_at));
        for (newer, backup) in backups.iter().enumerate() {
            if retention.lets_go(newer, backup.manifest.created_at, now) {
                // The manifest first: without one it is no backup any more.
                remove(&backup.dump.with_extension("json")).await?;
                remove(&backup.dump).await?;
            }
        }
        for path in entries(&folder).await? {
            let is = |wanted| {
                path.extension()
                    .is_some_and(|extension| extension == wanted)
            };
            let half = is("partial") || is("dump") && !path.with_extension("json").exists();
            if half && is_abandoned(&path).await {
                remove(&path).await?;
            }
        }
        Ok(())
    }
}

/// The backups of a folder whose manifest can be read and whose dump has its size.
async fn whole(folder: &Path) -> Result<Vec<Backup>, Error> {
    let mut backups = Vec::new();
    for path in entries(folder).await? {
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            // One damaged manifest must not hide the others.
            backups.extend(read(&path).await.ok());
        }
    }
    Ok(backups)
}

async fn read(path: &Path) -> Result<Backup, Error> {
    let manifest = Manifest::read(path).await?;
    let dump = path.with_file_name(&manifest.file);
    let size = fs::metadata(&dump).await.map(|metadata| metadata.len());
    match size.map_err(Error::file("look at", &dump))? {
        size if size == manifest.size_bytes => Ok(Backup { manifest, dump }),
        size => Err(Error::Damaged {
            path: dump,
            why: format!("{size} bytes instead of {}", manifest.size_bytes),
        }),
    }
}

async fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut reader = match fs::read_dir(folder).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        reader => reader.map_err(Error::file("read", folder))?,
    };
    let mut paths = Vec::new();
    while let Some(entry) = reader
        .next_entry()
        .await
        .map_err(Error::file("read", folder))?
    {
        paths.push(entry.path());
    }
    paths.sort();
    Ok(paths)
}

async fn is_abandoned(path: &Path) -> bool {
    let modified = fs::metadata(path)
        .await
        .and_then(|metadata| metadata.modified());
    let age = modified.ok().and_then(|modified| modified.elapsed().ok());
    age.is_some_and(|age| age > ABANDONED)
}

async fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(Error::file("remove", path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_stays_and_rules_add_up() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(100);
        let gone = |keep, keep_days| -> Vec<usize> {
            let rule = Retention { keep, keep_days };
            let made_at =
                |newer: usize| now - TimeDelta::days(i64::try_from(newer).unwrap() * 2 + 1);
            (0..6)
                .filter(|newer| rule.lets_go(*newer, made_at(*newer), now))
                .collect()
        };
        assert_eq!(gone(None, None), [0; 0]);
        assert_eq!(gone(Some(4), None), [4, 5]);
        assert_eq!(gone(Some(0), None), [1, 2, 3, 4, 5]);
        assert_eq!(gone(None, Some(6)), [3, 4, 5]);
        assert_eq!(gone(None, Some(0)), [1, 2, 3, 4, 5]);
        assert_eq!(gone(Some(5), Some(6)), [5]);
    }
}
