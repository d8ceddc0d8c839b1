//! `migrator clusters` and `migrator seal`

use std::num::NonZeroUsize;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Exit;
use super::args::{Settings, UsageError};
use super::output::{Output, Tone, optional, plain};
use super::tenants::{Desk, Steps, operator};
use super::tenants_move::{stop_on_interrupt, table};
use crate::clusters::{self, Addition, Answer, Place, drain};

const CLUSTERS_HELP: &str = "\
Examples:
  migrator clusters list
  migrator clusters add --name eu-2 --host db2.internal --port 5432 --budget 120
  migrator clusters close eu-1
  migrator clusters drain eu-1 --parallel 2";

const ADD_HELP: &str = "\
The operator's role of MIGRATOR_ADMIN_URL and the provisioner of MIGRATOR_PROVISIONER_URL are the same on every cluster,
with the same passwords; the provisioner is made there. Tenants move from a cluster only with wal_level = logical.

Example:
  migrator clusters add --name eu-2 --host db2.internal --port 5432 --budget 120";

const SEAL_HELP: &str = "\
Give the resolver the new key as RESOLVER_SEAL_KEY and the old one as RESOLVER_FORMER_SEAL_KEYS, restart it, rotate; once
nothing is left under the old key, take it away.

Example:
  migrator seal rotate";

/// Connections that all processes together may have on a new cluster, unless told otherwise.
const BUDGET: i32 = 80;

#[derive(Debug, Args)]
#[command(after_help = CLUSTERS_HELP)]
pub(super) struct ClustersArgs {
    #[command(subcommand)]
    command: ClustersCommand,
}

#[derive(Debug, Subcommand)]
enum ClustersCommand {
    /// List the PostgreSQL servers that hold tenants, and how they are
    List,
    /// Make a server ready for tenants
    #[command(after_help = ADD_HELP)]
    Add(AddArgs),
    /// Let new tenants onto a cluster
    Open(ClusterArgs),
    /// Keep new tenants off a cluster
    Close(ClusterArgs),
    /// Set how many connections all processes together may have on a cluster
    Budget(BudgetArgs),
    /// Keep new tenants off a cluster and move those it has to others
    Drain(DrainArgs),
}

#[derive(Debug, Args)]
struct ClusterArgs {
    /// The cluster
    name: String,
}

#[derive(Debug, Args)]
struct AddArgs {
    /// What it will be called
    #[arg(long)]
    name: String,
    /// Where it is, as the services and other clusters reach it
    #[arg(id = "server_host", long = "host", value_name = "HOST")]
    host: String,
    /// Where it is
    #[arg(long, default_value_t = 5432)]
    port: u16,
    /// Connections that all processes together may have there
    #[arg(long, default_value_t = BUDGET, value_parser = clap::value_parser!(i32).range(1..))]
    budget: i32,
    /// Place no new tenants there yet
    #[arg(long)]
    closed: bool,
}

#[derive(Debug, Args)]
struct BudgetArgs {
    /// The cluster
    name: String,
    /// Connections
    #[arg(value_parser = clap::value_parser!(i32).range(1..))]
    connections: i32,
}

#[derive(Debug, Args)]
struct DrainArgs {
    /// The cluster
    name: String,
    /// All of them to this one [default: each to the open cluster with the most room]
    #[arg(long, value_name = "CLUSTER")]
    to: Option<String>,
    /// Tenants moved at once; each needs a replication slot here and up to three workers there
    #[arg(id = "moves", long = "at-once", value_name = "N", default_value = "2")]
    at_once: NonZeroUsize,
}

#[derive(Debug, Args)]
#[command(after_help = SEAL_HELP)]
pub(super) struct SealArgs {
    #[command(subcommand)]
    command: SealCommand,
}

#[derive(Debug, Subcommand)]
enum SealCommand {
    /// Seal every stored secret anew, under the newest key
    Rotate,
}

pub(super) async fn clusters(
    settings: &Settings,
    output: &Output,
    args: &ClustersArgs,
) -> anyhow::Result<Exit> {
    let desk = Desk {
        settings,
        output,
        operator: operator(settings).await?,
    };
    let registry = &desk.operator.registry;
    match &args.command {
        ClustersCommand::List => list(&desk).await,
        ClustersCommand::Add(args) => add(&desk, args).await,
        ClustersCommand::Open(args) => told(
            output,
            &clusters::set_open(registry, &args.name, true).await?,
        ),
        ClustersCommand::Close(args) => told(
            output,
            &clusters::set_open(registry, &args.name, false).await?,
        ),
        ClustersCommand::Budget(args) => {
            let changed = clusters::set_budget(registry, &args.name, args.connections);
            told(output, &changed.await?)
        }
        ClustersCommand::Drain(args) => drain_cluster(&desk, args).await,
    }
}

pub(super) async fn seal(
    settings: &Settings,
    output: &Output,
    args: &SealArgs,
) -> anyhow::Result<Exit> {
    let SealCommand::Rotate = args.command;
    let desk = Desk {
        settings,
        output,
        operator: operator(settings).await?,
    };
    let resealed = desk.resolver()?.rotate_seal().await?;
    output.answer(&resealed, || match resealed.left {
        0 => format!(
            "{} secrets sealed anew; the former key may go",
            resealed.resealed
        ),
        left => format!(
            "{} secrets sealed anew, {left} left under a former key: run it again",
            resealed.resealed
        ),
    })?;
    Ok(if resealed.left == 0 {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// A cluster as it is told.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    place: &'a Place,
    server: Option<Answer>,
    error: Option<String>,
}

async fn list(desk: &Desk<'_>) -> anyhow::Result<Exit> {
    let places = clusters::list(&desk.operator.registry).await?;
    let asked = places.iter().map(|place| async {
        let answer = clusters::ask(&desk.operator, place).await;
        let error = answer.as_ref().err().map(ToString::to_string);
        Line {
            place,
            server: answer.ok(),
            error,
        }
    });
    let lines = futures::future::join_all(asked).await;
    desk.output.answer(&lines, || {
        let header = [
            "name",
            "address",
            "new tenants",
            "tenants",
            "spares",
            "budget",
            "connections",
            "version",
            "error",
        ];
        let rows = lines.iter().map(row).collect();
        desk.output.table(&header, rows)
    })?;
    let away = lines.iter().any(|line| line.error.is_some());
    Ok(if away { Exit::Failed } else { Exit::Done })
}

fn row(line: &Line<'_>) -> Vec<(String, Tone)> {
    let place = line.place;
    let server = line.server.as_ref();
    let connections =
        server.map(|server| format!("{} of {}", server.connections, server.max_connections));
    let open = match place.open {
        true => ("yes".to_owned(), Tone::Good),
        false => ("no".to_owned(), Tone::Warning),
    };
    vec![
        plain(&place.name),
        plain(format!("{}:{}", place.host, place.port)),
        open,
        plain(place.tenants.to_string()),
        plain(place.spares.to_string()),
        plain(place.budget.to_string()),
        optional(connections.as_deref()),
        optional(server.map(|server| server.version.as_str())),
        (
            line.error.clone().unwrap_or_else(|| "-".to_owned()),
            Tone::Bad,
        ),
    ]
}

async fn add(desk: &Desk<'_>, args: &AddArgs) -> anyhow::Result<Exit> {
    let addition = Addition {
        name: args.name.clone(),
        host: args.host.clone(),
        port: args.port,
        budget: args.budget,
        open: !args.closed,
        template: desk.settings.template.clone(),
        provisioner: desk.settings.provisioner()?.clone(),
        seal: desk.settings.seal_key()?,
    };
    let steps = Steps::begin(*desk.output, &args.name);
    steps.tell("make roles and template");
    let added = clusters::add(&desk.operator, &addition).await;
    steps.end();
    let added = added?;
    desk.output
        .answer(&added, || match added.created.is_empty() {
            true => "everything was there; the provisioner's password is set anew".to_owned(),
            false => format!("created {}", added.created.join(", ")),
        })?;
    Ok(Exit::Done)
}

async fn drain_cluster(desk: &Desk<'_>, args: &DrainArgs) -> anyhow::Result<Exit> {
    if args.to.as_deref() == Some(args.name.as_str()) {
        return Err(UsageError::Refused("a cluster cannot be drained to itself").into());
    }
    let request = drain::Request {
        cluster: args.name.clone(),
        to: args.to.clone(),
        parallel: args.at_once.get(),
        stop: stop_on_interrupt(),
    };
    let steps = Steps::of(*desk.output, 0);
    let progress = |through, total, last: &str| steps.at(through, total, last);
    let drained = drain::drain(&desk.operator, &desk.resolver()?, &request, &progress).await;
    steps.end();
    let drained = drained?;
    desk.output.answer(&drained, || {
        let mut parts = Vec::new();
        if !drained.moved.is_empty() {
            parts.push(table(*desk.output, &drained.moved));
        }
        if !drained.stayed.is_empty() {
            let rows = drained.stayed.iter();
            let rows = rows.map(|one| vec![plain(&one.tenant), (one.error.clone(), Tone::Bad)]);
            parts.push(desk.output.table(&["stayed", "why"], rows.collect()));
        }
        parts.push(format!(
            "{} moved, {} stayed; {} spares are left, of which nobody is given one",
            drained.moved.len(),
            drained.stayed.len(),
            drained.spares
        ));
        parts.join("\n\n")
    })?;
    Ok(if drained.stayed.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn told(output: &Output, place: &Place) -> anyhow::Result<Exit> {
    output.answer(place, || {
        let open = if place.open { "takes" } else { "takes no" };
        format!(
            "{} {open} new tenants; {} connections for all processes together",
            place.name, place.budget
        )
    })?;
    Ok(Exit::Done)
}
