//! Where `./dev bench` put what is measured.

use std::path::{Path, PathBuf};

use anyhow::Context;
use migrator::Address;
use secrecy::SecretString;
use testkit::Front;
use url::Url;

use crate::links::Processes;

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

/// The shortener of a whole system, asked without the gateway, and what stands around it.
pub(crate) struct Shortener {
    pub(crate) url: Url,
    pub(crate) gateway: Url,
    pub(crate) process: Processes,
    pub(crate) gateway_process: Processes,
    /// What services prove themselves to each other with.
    pub(crate) service_secret: SecretString,
}

impl Shortener {
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        let process = |name: &str| -> anyhow::Result<Processes> {
            Ok(Processes {
                first: variable(name)?.parse()?,
                with_children: false,
            })
        };
        Ok(Self {
            url: variable("BENCH_SHORTENER")?.parse()?,
            gateway: variable("BENCH_GATEWAY")?.parse()?,
            process: process("BENCH_SHORTENER_PID")?,
            gateway_process: process("BENCH_GATEWAY_PID")?,
            service_secret: variable("BENCH_SERVICE_SECRET")?.into(),
        })
    }
}

/// Where the projects' service and the gateway of a whole system listen.
pub(crate) struct Work {
    pub(crate) url: Url,
    pub(crate) gateway: Url,
    /// What services prove themselves to each other with.
    pub(crate) service_secret: SecretString,
}

impl Work {
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            url: variable("BENCH_PROJECT_SVC")?.parse()?,
            gateway: variable("BENCH_GATEWAY")?.parse()?,
            service_secret: variable("BENCH_SERVICE_SECRET")?.into(),
        })
    }
}

/// The gateway of a whole system.
pub(crate) struct Gateway {
    pub(crate) url: Url,
    /// Its process.
    pub(crate) process: u32,
}

impl Gateway {
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            url: variable("BENCH_GATEWAY")?.parse()?,
            process: variable("BENCH_GATEWAY_PID")?.parse()?,
        })
    }
}

/// Where analytics keeps its numbers: the server and the database.
pub(crate) fn mongodb() -> anyhow::Result<(String, String)> {
    Ok((
        variable("BENCH_MONGO_URL")?,
        variable("BENCH_MONGO_DATABASE")?,
    ))
}

/// The gateway of a whole system of the measurement's own.
pub(crate) fn front() -> anyhow::Result<Front> {
    Ok(Front::at(
        variable("BENCH_GATEWAY")?,
        variable("BENCH_DOMAIN")?,
    ))
}

/// The project's command.
pub(crate) fn dev() -> anyhow::Result<String> {
    variable("BENCH_DEV")
}

#[expect(clippy::disallowed_methods, reason = "set by ./dev bench")]
fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set: run it through ./dev bench"))
}
