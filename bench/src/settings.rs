//! Where `./dev bench` put what is measured.

use std::path::{Path, PathBuf};

use anyhow::Context;
use migrator::Address;
use testkit::Front;

/// A PostgreSQL server of the measurement's own; what `scripts/bench.sh` says of it.
pub(crate) struct Server {
    /// The operator's role.
    pub(crate) admin: Address,
    /// The operator's tool, built like this program.
    pub(crate) migrator: String,
    /// PostgreSQL's own client.
    pub(crate) psql: String,
    /// PostgreSQL's own load.
    pub(crate) pgbench: PathBuf,
    /// What the server says.
    pub(crate) log: PathBuf,
    /// A folder for files of the measurement's own.
    pub(crate) scratch: PathBuf,
    /// The project's command: `dev --bench kill postgres`.
    pub(crate) dev: String,
}

impl Server {
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            admin: variable("BENCH_ADMIN_URL")?.parse()?,
            migrator: variable("BENCH_MIGRATOR")?,
            pgbench: Path::new(&variable("BENCH_PSQL")?).with_file_name("pgbench"),
            psql: variable("BENCH_PSQL")?,
            log: variable("BENCH_POSTGRES_LOG")?.into(),
            scratch: variable("BENCH_SCRATCH")?.into(),
            dev: variable("BENCH_DEV")?,
        })
    }
}

/// The gateway of a whole system of the measurement's own.
pub(crate) fn front() -> anyhow::Result<Front> {
    Ok(Front::at(
        variable("BENCH_GATEWAY")?,
        variable("BENCH_DOMAIN")?,
    ))
}

#[expect(clippy::disallowed_methods, reason = "set by ./dev bench")]
fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set: run it through ./dev bench"))
}
