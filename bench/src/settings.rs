//! Where `./dev bench` put the server under measurement.

use anyhow::Context;
use migrator::Address;

/// What `scripts/bench.sh` says.
pub(crate) struct Settings {
    /// The operator's role.
    pub(crate) admin: Address,
    /// The operator's tool, built like this program.
    pub(crate) migrator: String,
    /// PostgreSQL's own client.
    pub(crate) psql: String,
    /// The project's command: `dev --bench kill postgres`.
    pub(crate) dev: String,
}

impl Settings {
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            admin: variable("BENCH_ADMIN_URL")?.parse()?,
            migrator: variable("BENCH_MIGRATOR")?,
            psql: variable("BENCH_PSQL")?,
            dev: variable("BENCH_DEV")?,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "set by ./dev bench")]
fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set: run it through ./dev bench"))
}
