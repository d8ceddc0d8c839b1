//! `migrator up` and `down`

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::args::{DatabaseArg, DownArgs, RolloutArgs, Settings, UpArgs, UsageError, WaveArg};
use super::output::{Output, Tone, optional, plain};
use super::progress::Progress;
use super::status::selection;
use super::{Exit, open_fleet};
use crate::fleet::{Fleet, Outcome, Report, Request, Rollout, Verdict, Wave, run};

/// As shells tell that a program was interrupted.
const INTERRUPTED: i32 = 130;

pub(super) async fn up(
    settings: &Settings,
    output: &Output,
    args: &UpArgs,
) -> anyhow::Result<Exit> {
    let fleet = open_fleet(settings).await?;
    let (args, resumes) = match args.resume {
        true => last::<UpArgs>(&fleet, "up").await?,
        false => (args.clone(), None),
    };
    let request = Request {
        selection: selection(&args.selection),
        to: args.to.clone(),
        rollout: rollout(&args.rollout),
        resumes,
        ..request(settings, "up", &args)?
    };
    execute(&fleet, output, &request).await
}

pub(super) async fn down(
    settings: &Settings,
    output: &Output,
    args: &DownArgs,
) -> anyhow::Result<Exit> {
    let (args, resumes) = match args.resume {
        true => last::<DownArgs>(&open_fleet(settings).await?, "down").await?,
        false => (args.clone(), None),
    };
    allow_down(&args)?;
    let fleet = open_fleet(settings).await?;
    let request = Request {
        selection: selection(&args.selection),
        to: args.to.clone(),
        down: true,
        rollout: rollout(&args.rollout),
        resumes,
        ..request(settings, "down", &args)?
    };
    execute(&fleet, output, &request).await
}

fn allow_down(args: &DownArgs) -> Result<(), UsageError> {
    let selection = &args.selection;
    let refused = |why| Err(UsageError::Refused(why));
    if selection.tenant.is_empty() && selection.database.is_none() && selection.cluster.is_none() {
        return refused("down needs --tenant, --database or --cluster");
    }
    if matches!(selection.database, Some(DatabaseArg::Catalog)) {
        return refused("the catalog keeps the record of the run: it has no way down");
    }
    if !args.yes && !args.rollout.dry_run {
        return refused("down loses data that only newer versions can hold: say --yes");
    }
    Ok(())
}

/// The arguments of the run that ended before its time.
async fn last<T: DeserializeOwned>(
    fleet: &Fleet,
    command: &str,
) -> anyhow::Result<(T, Option<Uuid>)> {
    let run = fleet.registry.last_run().await?;
    let unfinished = run.filter(|run| {
        let ended = matches!(run.outcome.as_deref(), Some("succeeded" | "failed"));
        !ended && run.arguments.get("command").and_then(|name| name.as_str()) == Some(command)
    });
    let Some(run) = unfinished else {
        let why = "nothing to resume: the last run was another command or went to its end";
        return Err(UsageError::Refused(why).into());
    };
    Ok((serde_json::from_value(run.arguments)?, Some(run.id)))
}

fn rollout(args: &RolloutArgs) -> Rollout {
    Rollout {
        wave: args.wave.map(|wave| match wave {
            WaveArg::Platform => Wave::Platform,
            WaveArg::Template => Wave::Template,
            WaveArg::Spares => Wave::Spares,
            WaveArg::Canary => Wave::Canary,
            WaveArg::OnePercent => Wave::OnePercent,
            WaveArg::TenPercent => Wave::TenPercent,
            WaveArg::Rest => Wave::Rest,
        }),
        canary: args.canary.clone().unwrap_or_default(),
        bake: Duration::from_secs(args.bake),
        max_failures: args.max_failures.unwrap_or_default(),
        rehearse: args.dry_run,
    }
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
        rollout: Rollout::default(),
        holder: format!("{} process {}", settings.host, std::process::id()),
        arguments,
        resumes: None,
        stop: CancellationToken::new(),
    })
}

async fn execute(fleet: &Fleet, output: &Output, request: &Request) -> anyhow::Result<Exit> {
    let progress = Progress::new(*output);
    let interrupt = tokio::spawn(interrupted(request.stop.clone(), *output));
    let report = run::run(fleet, request, &progress).await;
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

/// The first signal stops the run cleanly, the second ends the program: every step is a transaction or may
/// be repeated, so nothing is left that `up` does not mend.
async fn interrupted(stop: CancellationToken, output: Output) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    stop.cancel();
    output.remark("finishing what has begun; once more ends at once");
    if tokio::signal::ctrl_c().await.is_ok() {
        std::process::exit(INTERRUPTED);
    }
}

/// Only what changed or needs a look; a thousand unchanged tenants are a number.
fn summary(output: Output, report: &Report) -> String {
    let header = [
        "wave", "name", "cluster", "from", "to", "result", "ms", "error",
    ];
    let shown = report
        .results
        .iter()
        .filter(|outcome| outcome.outcome != Verdict::Unchanged);
    let rows: Vec<_> = shown.map(row).collect();
    let counts = [
        Verdict::Migrated,
        Verdict::Rehearsed,
        Verdict::Unchanged,
        Verdict::Deferred,
        Verdict::Failed,
        Verdict::Skipped,
    ]
    .map(|verdict| (verdict, report.count(verdict)))
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(verdict, count)| format!("{count} {}", verdict.as_str()));
    let mut end = format!(
        "{}: {}",
        counts.collect::<Vec<_>>().join(", "),
        report.outcome
    );
    if let Some(halt) = &report.halted {
        end.push_str(&format!(
            " in wave {} after {} failed, {} allowed; mend them, then `migrator up --resume`",
            halt.wave.as_str(),
            halt.failures,
            halt.max_failures
        ));
    }
    match rows.is_empty() {
        true => end,
        false => format!("{}\n\n{end}", output.table(&header, rows)),
    }
}

fn row(outcome: &Outcome) -> Vec<(String, Tone)> {
    let tone = match outcome.outcome {
        Verdict::Migrated | Verdict::Rehearsed => Tone::Good,
        Verdict::Unchanged => Tone::Plain,
        Verdict::Skipped | Verdict::Deferred => Tone::Warning,
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
