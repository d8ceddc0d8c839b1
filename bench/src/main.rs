//! `./dev bench`: measurements beside what one would do instead, in one run on one machine, so that the ratios say
//! something wherever they are taken.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program for people: progress on standard error, the table on standard output"
)]

mod report;
mod samples;
mod settings;
mod tenancy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "bench",
    about = "Measures Tenantry beside what one would do instead"
)]
struct Cli {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// Sign-ups, pools, fleet and recovery with many databases on one PostgreSQL
    Tenancy(tenancy::Arguments),
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = settings::Settings::from_environment()?;
    let holds = match Cli::parse().subject {
        Subject::Tenancy(arguments) => tenancy::run(&settings, &arguments).await?,
    };
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
