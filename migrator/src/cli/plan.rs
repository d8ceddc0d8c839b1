//! `migrator plan`

use super::args::{PlanArgs, Settings};
use super::output::{Output, Tone, plain};
use super::status::selection;
use super::{Exit, open_fleet};
use crate::fleet::plan::{Group, Judged, Plan, plan as planned};
use crate::sql::Lock;

const HEADER: [&str; 6] = ["step", "line", "statement", "lock", "rewrites", "reads all"];
/// A statement's first line, shortened.
const WIDEST: usize = 60;

pub(super) async fn plan(
    settings: &Settings,
    output: &Output,
    args: &PlanArgs,
) -> anyhow::Result<Exit> {
    let fleet = open_fleet(settings).await?;
    let plan = planned(&fleet, &selection(&args.selection), args.to.as_deref()).await?;
    output.answer(&plan, || text(*output, &plan))?;
    Ok(Exit::Done)
}

fn text(output: Output, plan: &Plan) -> String {
    if plan.databases.is_empty() {
        return "nothing to run".to_owned();
    }
    let groups: Vec<_> = plan
        .groups
        .iter()
        .map(|group| format!("{}\n{}", title(group), table(output, group)))
        .collect();
    let end = format!("{} databases would be migrated", plan.databases.len());
    format!("{}\n\n{end}", groups.join("\n\n"))
}

fn title(group: &Group) -> String {
    let from = group.from.as_deref().unwrap_or("empty");
    let servers = group
        .databases
        .iter()
        .map(|(cluster, number)| match cluster.as_str() {
            "-" => String::new(),
            cluster => format!(", {number} on {cluster}"),
        });
    format!(
        "{} from {from}{}",
        group.schema,
        servers.collect::<String>()
    )
}

fn table(output: Output, group: &Group) -> String {
    let rows = group.steps.iter().flat_map(|step| {
        step.statements
            .iter()
            .map(|statement| row(step.name, statement))
    });
    output.table(&HEADER, rows.collect())
}

fn row(step: &str, statement: &Judged) -> Vec<(String, Tone)> {
    let effect = statement.effect;
    let waits = effect.rewrites || (effect.scans && effect.lock >= Lock::Share);
    let tone = match waits {
        true => Tone::Warning,
        false => Tone::Plain,
    };
    let yes = |is: bool| if is { "yes" } else { "-" };
    let mut sql: String = statement.sql.chars().take(WIDEST).collect();
    if sql.len() < statement.sql.len() {
        sql.push('…');
    }
    vec![
        plain(step),
        plain(statement.line.to_string()),
        plain(sql),
        (effect.lock.to_string(), tone),
        (yes(effect.rewrites).to_owned(), tone),
        (yes(effect.scans).to_owned(), tone),
    ]
}
