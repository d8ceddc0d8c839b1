//! `./dev bench`: measurements beside what one would do instead, in one run on one machine, so that the ratios say
//! something wherever they are taken.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program for people: progress on standard error, the table on standard output"
)]

mod analytics;
mod client;
mod events;
mod identity;
mod links;
mod live;
mod organization;
mod report;
mod samples;
mod settings;
mod tenancy;
mod work;

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
    /// Events from commit to MongoDB, beside bare inserts
    Events(events::Arguments),
    /// Reads of others while a hundred people sign in
    Identity(identity::Arguments),
    /// Redirects at the shortener and through the gateway, beside nginx, and while passwords are guessed
    Links(links::Arguments),
    /// Dashboards and charts over a million events
    Analytics(analytics::Arguments),
    /// An event at two thousand live connections to one gateway
    Live(live::Arguments),
    /// A wide board, questions to 50,000 tasks, and a thousand people at once
    Work(work::Arguments),
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let report = match Cli::parse().subject {
        Subject::Tenancy(arguments) => tenancy::run(&arguments).await?,
        Subject::Events(arguments) => events::run(&arguments).await?,
        Subject::Identity(arguments) => identity::run(&arguments).await?,
        Subject::Links(arguments) => links::run(&arguments).await?,
        Subject::Analytics(arguments) => analytics::run(&arguments).await?,
        Subject::Live(arguments) => live::run(&arguments).await?,
        Subject::Work(arguments) => work::run(&arguments).await?,
    };
    println!("{}", report.table());
    Ok(if report.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
