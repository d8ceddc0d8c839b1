//! Files that are either whole and on the disk, or not there: written under another name, synced, then renamed.

use std::fmt::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::fs;
use tokio::io::AsyncReadExt;

use crate::tenants::Error;

/// Only the operator reads what tenants wrote.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
const CHUNK_BYTES: usize = 256 * 1024;

/// A file under way; gone when dropped.
#[derive(Debug)]
pub(crate) struct Partial {
    path: PathBuf,
}

impl Partial {
    /// An empty file that only its owner may read.
    pub(crate) async fn create(path: PathBuf) -> Result<Self, Error> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(FILE_MODE);
        let file = fs::OpenOptions::from(options).open(&path).await;
        file.map_err(Error::file("create", &path))?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes its final name. The folder is synced too, or a crash could take the name back.
    pub(crate) async fn keep_as(self, path: &Path) -> Result<(), Error> {
        let renamed = fs::rename(&self.path, path).await;
        renamed.map_err(Error::file("rename to", path))?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let synced = match fs::File::open(folder).await {
            Ok(folder) => folder.sync_all().await,
            Err(error) => Err(error),
        };
        synced.map_err(Error::file("sync", folder))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Not there any more after `keep_as`.
        drop(std::fs::remove_file(&self.path));
    }
}

/// A folder that only its owner may enter.
pub(crate) async fn make_folder(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(FOLDER_MODE);
    builder
        .create(path)
        .await
        .map_err(Error::file("create", path))
}

/// Puts a file on the disk; answers its size and its SHA-256 in hexadecimal, read back from there.
pub(crate) async fn seal(path: &Path) -> Result<(u64, String), Error> {
    let file = fs::File::open(path)
        .await
        .map_err(Error::file("open", path))?;
    file.sync_all().await.map_err(Error::file("sync", path))?;
    digest(path).await
}

/// A file's size and its SHA-256 in hexadecimal.
pub(crate) async fn digest(path: &Path) -> Result<(u64, String), Error> {
    let read = Error::file("read", path);
    let mut file = fs::File::open(path).await.map_err(&read)?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut size = 0_u64;
    loop {
        let count = file.read(&mut chunk).await.map_err(&read)?;
        let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        hasher.update(bytes);
        size = size.saturating_add(u64::try_from(count).unwrap_or_default());
    }
    let mut hexadecimal = String::new();
    for byte in hasher.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    Ok((size, hexadecimal))
}
