//! Many databases on one PostgreSQL: is it still as easy and as fast as one?
//!
//! The parts share one installation: `signup` fills its stock, the others use the databases it made.

mod fleet;
mod installation;
mod pools;
mod recovery;
mod signup;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use self::installation::Installation;
use crate::report::Report;
use crate::settings::Server;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Tenant databases to make
    #[arg(long, default_value_t = 1_000)]
    tenants: usize,
    /// Only these parts; sign-ups always run, they make the databases
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Also write the figures to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Pools,
    Fleet,
    Recovery,
}

/// Measures on a server of its own.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let server = Server::from_environment()?;
    let mut report = Report::default();
    let installation = Installation::new(&server).await?;
    signup::measure(&installation, arguments.tenants, &mut report).await?;
    if wanted(Part::Pools) {
        pools::measure(&installation, &mut report).await?;
    }
    if wanted(Part::Recovery) {
        recovery::measure(&server, &installation, &mut report).await?;
    }
    // Last: no service of this version works on what it leaves behind.
    if wanted(Part::Fleet) {
        fleet::measure(&server, &installation, &mut report).await?;
    }
    report.keep(arguments.json.as_deref())?;
    Ok(report)
}
