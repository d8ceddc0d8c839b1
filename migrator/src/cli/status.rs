//! `migrator status`

use super::args::{SelectionArgs, Settings, StatusArgs};
use super::output::{Output, Tone, optional, plain};
use super::{Exit, open_fleet};
use crate::fleet::inspect::inspect;
use crate::fleet::{Inspection, Selection, State};

const HEADER: [&str; 9] = [
    "kind",
    "name",
    "database",
    "cluster",
    "status",
    "version",
    "behind",
    "state",
    "last error",
];

pub(super) async fn status(
    settings: &Settings,
    output: &Output,
    args: &StatusArgs,
) -> anyhow::Result<Exit> {
    let fleet = open_fleet(settings).await?;
    let lines = inspect(&fleet, &selection(&args.selection), args.verify).await?;
    output.answer(&lines, || {
        let behind = lines
            .iter()
            .filter(|line| line.state != State::Current)
            .count();
        let table = output.table(&HEADER, lines.iter().map(row).collect());
        format!(
            "{table}\n\n{} databases, {behind} not at the newest version",
            lines.len()
        )
    })?;
    let failed = lines.iter().any(|line| line.state == State::Failed);
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// What the arguments name.
pub(super) fn selection(args: &SelectionArgs) -> Selection {
    use super::args::DatabaseArg::{Catalog, Identity, Shortener, Template};
    let kind = |database| {
        let name = match database {
            Catalog => "catalog",
            Identity => "identity",
            Shortener => "shortener",
            Template => "template",
        };
        Selection::Database(name.to_owned())
    };
    match (args.database, &args.cluster) {
        (Some(database), _) => kind(database),
        (None, Some(cluster)) => Selection::Cluster(cluster.clone()),
        (None, None) if args.tenant.is_empty() => Selection::Everything,
        (None, None) => Selection::Tenants(args.tenant.clone()),
    }
}

fn row(line: &Inspection) -> Vec<(String, Tone)> {
    let tone = match line.state {
        State::Current => Tone::Good,
        State::Behind => Tone::Warning,
        State::Unknown | State::Failed => Tone::Bad,
    };
    vec![
        plain(line.kind.as_str()),
        optional(line.subdomain.as_deref()),
        plain(&line.database),
        plain(&line.cluster),
        optional(line.status.as_deref()),
        optional(line.version.as_deref()),
        plain(
            line.behind
                .map_or_else(|| "?".to_owned(), |behind| behind.to_string()),
        ),
        (line.state.as_str().to_owned(), tone),
        optional(line.last_error.as_deref()),
    ]
}
