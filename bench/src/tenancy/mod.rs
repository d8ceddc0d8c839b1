//! Many databases on one PostgreSQL: is it still as easy and as fast as one?
//!
//! The parts share one installation: `signup` fills its stock, the others use the databases it made.

mod fleet;
mod installation;
mod pools;
mod recovery;
mod signup;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};

use self::installation::Installation;
use crate::report::Report;
use crate::settings::Settings;

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

/// Measures, prints, and answers whether every bar was reached.
pub(crate) async fn run(settings: &Settings, arguments: &Arguments) -> anyhow::Result<bool> {
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let mut report = Report::default();
    let installation = Installation::new(settings).await?;
    signup::measure(&installation, arguments.tenants, &mut report).await?;
    if wanted(Part::Pools) {
        pools::measure(&installation, &mut report).await?;
    }
    if wanted(Part::Recovery) {
        recovery::measure(settings, &installation, &mut report).await?;
    }
    // Last: no service of this version works on what it leaves behind.
    if wanted(Part::Fleet) {
        fleet::measure(settings, &installation, &mut report).await?;
    }
    println!("{}", report.table());
    if let Some(file) = &arguments.json {
        let document = serde_json::to_vec_pretty(&report)?;
        std::fs::write(file, document).with_context(|| format!("write {}", file.display()))?;
    }
    Ok(report.holds())
}
