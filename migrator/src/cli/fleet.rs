//! `migrator plan`, `up` and `down`

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::args::{DatabaseArg, DownArgs, Settings, UpArgs, UsageError};
use super::output::{Output, Tone, optional, plain};
use super::progress::Progress;
use super::status::selection;
use super::{Exit, open_fleet};
use crate::fleet::inspect::{Step, plan as planned};
use crate::fleet::{Outcome, Report, Request, Verdict, run};

pub(super) async fn plan(
    settings: &Settings,
    output: &Output,
    args: &UpArgs,
) -> anyhow::Result<Exit> {
    let fleet = open_fleet(settings).await?;
    let steps = planned(&fleet, &selection(&args.selection), args.to.as_deref()).await?;
    output.answer(&steps, || {
        if steps.is_empty() {
            return "nothing to run".to_owned();
        }
        let header = ["kind", "name", "cluster", "from", "would run"];
        let rows = steps.iter().map(|step: &Step| {
            vec![
                plain(step.wave.as_str()),
                plain(&step.name),
                plain(&step.cluster),
                optional(step.from.as_deref()),
                plain(step.migrations.join(", ")),
            ]
        });
        let table = output.table(&header, rows.collect());
        format!("{table}\n\n{} databases would be migrated", steps.len())
    })?;
    Ok(Exit::Done)
}

pub(super) async fn up(
    settings: &Settings,
    output: &Output,
    args: &UpArgs,
) -> anyhow::Result<Exit> {
    if args.dry_run {
        return plan(settings, output, args).await;
    }
    let request = Request {
        selection: selection(&args.selection),
        to: args.to.clone(),
        down: false,
        ..request(settings, "up", args)?
    };
    execute(settings, output, &request).await
}

pub(super) async fn down(
    settings: &Settings,
    output: &Output,
    args: &DownArgs,
) -> anyhow::Result<Exit> {
    match (&args.selection.tenant, args.selection.database) {
        (None, None) => return Err(UsageError::Refused("down needs --tenant or --database").into()),
        (_, Some(DatabaseArg::Catalog)) => {
            return Err(UsageError::Refused(
                "the catalog keeps the record of the run: it has no way down",
            )
            .into());
        }
        _ if !args.yes => {
            return Err(UsageError::Refused(
                "down loses data that only newer versions can hold: say --yes",
            )
            .into());
        }
        _ => {}
    }
    let request = Request {
        selection: selection(&args.selection),
        to: Some(args.to.clone()),
        down: true,
        ..request(settings, "down", args)?
    };
    execute(settings, output, &request).await
}

fn request(settings: &Settings, command: &str, args: &impl Serialize) -> anyhow::Result<Request> {
    let mut arguments = serde_json::to_value(args)?;
    if let Some(fields) = arguments.as_object_mut() {
        fields.insert("command".to_owned(), command.into());
    }
    Ok(Request {
        selection: crate::fleet::Selection::Everything,
        to: None,
        down: false,
        holder: format!("{} process {}", settings.host, std::process::id()),
        arguments,
        stop: CancellationToken::new(),
    })
}

async fn execute(settings: &Settings, output: &Output, request: &Request) -> anyhow::Result<Exit> {
    let fleet = open_fleet(settings).await?;
    let stop = request.stop.clone();
    let interrupt = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let progress = Progress::new(*output);
    let report = run::run(&fleet, request, &progress).await;
    progress.finish();
    interrupt.abort();
    let report = report?;
    output.answer(&report, || summary(*output, &report))?;
    Ok(if report.succeeded() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// Only what changed or needs a look; a thousand unchanged tenants are a number.
fn summary(output: Output, report: &Report) -> String {
    let header = [
        "kind", "name", "cluster", "from", "to", "result", "ms", "error",
    ];
    let shown = report
        .results
        .iter()
        .filter(|outcome| outcome.outcome != Verdict::Unchanged);
    let rows: Vec<_> = shown.map(row).collect();
    let counts = format!(
        "{} migrated, {} unchanged, {} failed, {} skipped: {}",
        report.count(Verdict::Migrated),
        report.count(Verdict::Unchanged),
        report.count(Verdict::Failed),
        report.count(Verdict::Skipped),
        report.outcome,
    );
    match rows.is_empty() {
        true => counts,
        false => format!("{}\n\n{counts}", output.table(&header, rows)),
    }
}

fn row(outcome: &Outcome) -> Vec<(String, Tone)> {
    let tone = match outcome.outcome {
        Verdict::Migrated => Tone::Good,
        Verdict::Unchanged => Tone::Plain,
        Verdict::Skipped => Tone::Warning,
        Verdict::Failed => Tone::Bad,
    };
    vec![
        plain(outcome.wave.as_str()),
        plain(&outcome.name),
        plain(&outcome.cluster),
        optional(outcome.from.as_deref()),
        optional(outcome.to.as_deref()),
        (outcome.outcome.as_str().to_owned(), tone),
        plain(outcome.duration_ms.to_string()),
        optional(outcome.error.as_deref()),
    ]
}
