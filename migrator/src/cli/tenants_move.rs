//! `migrator tenants move`

use tokio_util::sync::CancellationToken;

use super::Exit;
use super::args::UsageError;
use super::output::{Output, plain};
use super::tenants::{Desk, Steps};
use super::tenants_args::MoveArgs;
use crate::tenants::moving::{self, Moved, Request};

pub(super) async fn move_tenant(desk: &Desk<'_>, args: &MoveArgs) -> anyhow::Result<Exit> {
    let (name, to) = match (&args.name, &args.to) {
        (Some(name), Some(to)) => (name, to),
        _ if args.resume => return resume(desk).await,
        _ => return Err(UsageError::Refused("say which tenant, and --to which cluster").into()),
    };
    let request = Request {
        to: to.clone(),
        verify: args.verify,
        keep_source: args.keep_source,
        stop: stop_on_interrupt(),
    };
    let steps = Steps::begin(*desk.output, name);
    let tell = |step: &str| steps.tell(step);
    let moved = moving::run(&desk.operator, &desk.resolver()?, name, &request, &tell).await;
    steps.end();
    let moved = moved?;
    desk.output.answer(&moved, || told(&moved))?;
    Ok(Exit::Done)
}

async fn resume(desk: &Desk<'_>) -> anyhow::Result<Exit> {
    let steps = Steps::begin(*desk.output, "earlier moves");
    let tell = |step: &str| steps.tell(step);
    let recovered = moving::recover(&desk.operator, &desk.resolver()?, None, &tell).await;
    steps.end();
    let recovered = recovered?;
    desk.output.answer(&recovered, || {
        if recovered.is_empty() {
            return "no move was left unfinished".to_owned();
        }
        let rows = recovered.iter().map(|one| {
            vec![
                plain(&one.tenant),
                plain(one.outcome),
                plain(&one.cluster),
                plain(&one.holder),
            ]
        });
        let header = ["tenant", "move", "lives on", "begun by"];
        desk.output.table(&header, rows.collect())
    })?;
    Ok(Exit::Done)
}

/// One line about a move.
fn told(moved: &Moved) -> String {
    let rows = moved.rows.map_or_else(
        || "too many rows to count in the pause".to_owned(),
        |rows| format!("{rows} rows counted on both sides"),
    );
    format!(
        "{} moved from {} to {} in {:.1} s; writes waited {:.0} ms; {rows}",
        moved.tenant,
        moved.from,
        moved.to,
        moved.duration_ms / 1000.0,
        moved.pause_ms,
    )
}

/// Moves as a table.
pub(super) fn table(output: Output, moved: &[Moved]) -> String {
    let rows = moved.iter().map(|one| {
        vec![
            plain(&one.tenant),
            plain(&one.to),
            plain(format!("{:.0}", one.pause_ms)),
            plain(format!("{:.1}", one.duration_ms / 1000.0)),
        ]
    });
    output.table(&["tenant", "to", "pause ms", "seconds"], rows.collect())
}

/// Ctrl-C ends the work at its next safe point; a second one ends the program.
pub(super) fn stop_on_interrupt() -> CancellationToken {
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            asked.cancel();
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
    stop
}
