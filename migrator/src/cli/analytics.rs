//! `migrator analytics`: the numbers of tenants.

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::Exit;
use super::args::{Settings, UsageError};
use super::output::{Output, Tone, plain};
use super::tenants::operator;
use crate::analytics::{Analytics, Progress};
use crate::tenants::Subject;

const REBUILD_HELP: &str = "\
People go on working, and what happens meanwhile is counted. Events that are kept no longer are in the numbers by a
checkpoint. Exit code 1 when --check finds a difference.

Examples:
  migrator analytics rebuild --tenant acme
  migrator analytics rebuild --tenant acme --check   compare only
  migrator analytics rebuild --all --check --json";

#[derive(Debug, Args)]
pub(super) struct AnalyticsArgs {
    #[command(subcommand)]
    command: AnalyticsCommand,
}

#[derive(Debug, Subcommand)]
enum AnalyticsCommand {
    /// Make all numbers of tenants again from their events
    #[command(after_help = REBUILD_HELP)]
    Rebuild(RebuildArgs),
}

#[derive(Debug, Args)]
#[group(id = "whose", required = true, multiple = true)]
struct RebuildArgs {
    /// This tenant, by subdomain or id; may be repeated
    #[arg(long, value_name = "ID|SUBDOMAIN", group = "whose")]
    tenant: Vec<String>,
    /// Every tenant
    #[arg(long, group = "whose", conflicts_with = "tenant")]
    all: bool,
    /// Compare only, and change nothing
    #[arg(long)]
    check: bool,
}

/// What became of a tenant's numbers.
#[derive(Debug, Serialize)]
struct Rebuilt {
    tenant: String,
    #[serde(flatten)]
    progress: Progress,
}

impl Rebuilt {
    fn differs(&self) -> bool {
        let differences = self.progress.differences.as_ref();
        differences.is_some_and(|differences| differences.count > 0)
    }
}

pub(super) async fn analytics(
    settings: &Settings,
    output: &Output,
    args: &AnalyticsArgs,
) -> anyhow::Result<Exit> {
    match &args.command {
        AnalyticsCommand::Rebuild(args) => rebuild(settings, *output, args).await,
    }
}

async fn rebuild(settings: &Settings, output: Output, args: &RebuildArgs) -> anyhow::Result<Exit> {
    let analytics = service(settings)?;
    let operator = operator(settings).await?;
    let tenants = match args.all {
        true => operator.tenants().await?,
        false => {
            let mut named = Vec::new();
            for name in &args.tenant {
                named.push(operator.tenant(name).await?);
            }
            named
        }
    };
    let bar = bar(output);
    let mut rebuilt = Vec::new();
    for tenant in tenants {
        let name = name(&tenant);
        bar.set_message(name.clone());
        let watch = |progress: &Progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.events);
        };
        let progress = analytics.rebuild(tenant.id, args.check, watch).await?;
        rebuilt.push(Rebuilt {
            tenant: name,
            progress,
        });
    }
    bar.finish_and_clear();
    output.answer(&rebuilt, || table(output, &rebuilt))?;
    Ok(match rebuilt.iter().any(Rebuilt::differs) {
        true => Exit::Failed,
        false => Exit::Done,
    })
}

fn service(settings: &Settings) -> anyhow::Result<Analytics> {
    let services = &settings.services;
    let address = services.analytics_url.clone();
    let address = address.ok_or(UsageError::Missing("MIGRATOR_ANALYTICS_URL"))?;
    let secret = services.service_secret.as_ref();
    let secret = secret.ok_or(UsageError::Missing("MIGRATOR_SERVICE_SECRET"))?;
    Ok(Analytics::new(address, secret)?)
}

fn name(tenant: &Subject) -> String {
    let subdomain = tenant.subdomain.clone();
    subdomain.unwrap_or_else(|| tenant.id.to_string())
}

fn bar(output: Output) -> ProgressBar {
    let bar = match output.draws() {
        true => ProgressBar::new(0),
        false => ProgressBar::hidden(),
    };
    let template = "{bar:32} {pos}/{len} events  {per_sec}  {eta} left  {wide_msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

fn table(output: Output, rebuilt: &[Rebuilt]) -> String {
    let rows = rebuilt.iter().map(|one| {
        let found = match &one.progress.differences {
            None => ("rebuilt".to_owned(), Tone::Good),
            Some(found) if found.count == 0 => ("equal".to_owned(), Tone::Good),
            Some(found) => (format!("{} differ", found.count), Tone::Bad),
        };
        let events = one.progress.events.to_string();
        vec![plain(&one.tenant), plain(events), found]
    });
    let table = output.table(&["tenant", "events", "numbers"], rows.collect());
    let differences = rebuilt
        .iter()
        .filter_map(|one| one.progress.differences.as_ref());
    let lines: Vec<&str> = differences
        .flat_map(|found| found.first.iter().map(String::as_str))
        .collect();
    match lines.is_empty() {
        true => table,
        false => format!("{table}\n\n{}", lines.join("\n")),
    }
}
