//! `pg_dump` and `pg_restore`: the ones that belong to the server's version, fed with the password through the
//! environment, never through arguments.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::Command;

use crate::address::Address;

/// Where Debian and its kin keep the programs of each major version.
const VERSIONED: &str = "/usr/lib/postgresql";
/// Newer programs read older servers; so many versions ahead are looked for.
const NEWER: u32 = 6;
/// A failed program's last words: enough to see why.
const LAST_LINES: usize = 4;

/// The programs for one server.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    folder: Option<PathBuf>,
}

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// None, or none that understands the server.
    #[error(
        "pg_dump {major} or newer is needed and not found: apt-get install postgresql-client-{major}"
    )]
    Missing {
        /// The server's version.
        major: u32,
    },
    /// It did not run.
    #[error("run {program}")]
    Run {
        /// Which.
        program: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It said no.
    #[error("{program}: {words}")]
    Failed {
        /// Which.
        program: &'static str,
        /// Its last words.
        words: String,
    },
}

impl Tools {
    /// Looks beside the server's own version first, then on the PATH.
    pub(crate) async fn find(major: u32) -> Result<Self, ToolError> {
        for version in major..=major.saturating_add(NEWER) {
            let folder = Path::new(VERSIONED).join(version.to_string()).join("bin");
            if folder.join("pg_dump").exists() && folder.join("pg_restore").exists() {
                return Ok(Self {
                    folder: Some(folder),
                });
            }
        }
        let found = Command::new("pg_dump").arg("--version").output().await;
        let text = found.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        match text.ok().as_deref().and_then(version) {
            Some(version) if version >= major => Ok(Self { folder: None }),
            _ => Err(ToolError::Missing { major }),
        }
    }

    /// Writes a database into a file, in PostgreSQL's custom format, as one snapshot sees it.
    pub(crate) async fn dump(
        &self,
        database: &Address,
        snapshot: &str,
        file: &Path,
    ) -> Result<(), ToolError> {
        let mut command = self.dumping(database);
        command
            .arg(format!("--snapshot={snapshot}"))
            .arg("--file")
            .arg(file);
        finished("pg_dump", command.output().await)
    }

    /// Reads a file of [`Tools::dump`] into an empty database.
    pub(crate) async fn restore(&self, database: &Address, file: &Path) -> Result<(), ToolError> {
        let mut command = self.restoring(database);
        command.arg(file);
        finished("pg_restore", command.output().await)
    }

    /// Makes the tables, indexes and rights of one database in another, without rows.
    pub(crate) async fn copy_schema(&self, from: &Address, to: &Address) -> Result<(), ToolError> {
        let failed = |program| move |source| ToolError::Run { program, source };
        let mut dump = self.dumping(from);
        dump.arg("--schema-only").stdout(Stdio::piped());
        let mut dump = dump.spawn().map_err(failed("pg_dump"))?;
        let pipe = dump.stdout.take();
        let pipe = pipe.ok_or_else(|| failed("pg_dump")(std::io::ErrorKind::BrokenPipe.into()))?;
        let pipe: Stdio = pipe.try_into().map_err(failed("pg_dump"))?;
        let mut restore = self.restoring(to);
        let (dumped, restored) =
            tokio::join!(dump.wait_with_output(), restore.stdin(pipe).output());
        finished("pg_dump", dumped)?;
        finished("pg_restore", restored)
    }

    fn dumping(&self, database: &Address) -> Command {
        let mut command = self.command("pg_dump", database);
        command.args([
            "--format=custom",
            "--no-publications",
            "--no-subscriptions",
            "--no-password",
        ]);
        command
    }

    fn restoring(&self, database: &Address) -> Command {
        let mut command = self.command("pg_restore", database);
        command.args(["--exit-on-error", "--single-transaction", "--no-password"]);
        command
    }

    fn command(&self, program: &str, database: &Address) -> Command {
        let path = match &self.folder {
            Some(folder) => folder.join(program),
            None => PathBuf::from(program),
        };
        let mut command = Command::new(path);
        command
            .arg("--host")
            .arg(database.host())
            .arg("--port")
            .arg(database.port().to_string())
            .arg("--username")
            .arg(database.user().unwrap_or_default())
            .arg("--dbname")
            .arg(database.database().unwrap_or_default())
            .env("PGPASSWORD", database.password().unwrap_or_default())
            .env("PGCONNECT_TIMEOUT", "10")
            .env("PGAPPNAME", "migrator")
            // A snapshot's session waits for the other one; the server must end neither.
            .env(
                "PGOPTIONS",
                "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c log_statement=none",
            )
            .env_remove("PGSERVICE")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

fn finished(program: &'static str, output: std::io::Result<Output>) -> Result<(), ToolError> {
    let output = output.map_err(|source| ToolError::Run { program, source })?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let mut last: Vec<_> = text.lines().rev().take(LAST_LINES).collect();
    last.reverse();
    Err(ToolError::Failed {
        program,
        words: last.join("; "),
    })
}

/// `pg_dump (PostgreSQL) 15.18 (Debian …)` → 15.
fn version(text: &str) -> Option<u32> {
    let number = text
        .split_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    number.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_from_what_the_program_says() {
        assert_eq!(
            version("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(version("pg_dump (PostgreSQL) 17beta1"), None);
        assert_eq!(version(""), None);
    }

    #[tokio::test]
    async fn missing_program_names_its_package() {
        let error = Tools::find(99).await.unwrap_err().to_string();
        assert!(
            error.contains("apt-get install postgresql-client-99"),
            "{error}"
        );
    }
}
