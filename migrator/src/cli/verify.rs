//! `migrator verify`

use super::args::{Settings, VerifyArgs};
use super::output::Output;
use super::status::selection;
use super::{Exit, open_fleet};
use crate::verify::{Check, State, verify as checked};

pub(super) async fn verify(
    settings: &Settings,
    output: &Output,
    args: &VerifyArgs,
) -> anyhow::Result<Exit> {
    let fleet = open_fleet(settings).await?;
    let checks = checked(&fleet, &selection(&args.selection), args.fix).await?;
    output.answer(&checks, || text(&checks))?;
    let wrong = |check: &Check| matches!(check.state, State::Differs | State::Failed);
    Ok(match checks.iter().any(wrong) {
        true => Exit::Failed,
        false => Exit::Done,
    })
}

/// Only what differs; databases that are as they should be are a number.
fn text(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        if check.state == State::Same && check.fixed.is_empty() {
            continue;
        }
        let version = check.version.unwrap_or("no version");
        text.push_str(&format!(
            "{} ({} on {}, {version}): {}\n",
            check.name,
            check.database,
            check.cluster,
            check.state.as_str()
        ));
        if let Some(error) = &check.error {
            text.push_str(&format!("  {error}\n"));
        }
        for difference in &check.differences {
            for line in difference.to_string().lines() {
                text.push_str(&format!("  {line}\n"));
            }
        }
        for statement in &check.fixed {
            text.push_str(&format!("  mended: {statement}\n"));
        }
    }
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let counts = [
        State::Same,
        State::Differs,
        State::OtherVersion,
        State::Failed,
    ]
    .map(|state| (state.as_str(), count(state)))
    .into_iter()
    .filter(|(_, number)| *number > 0)
    .map(|(state, number)| format!("{number} {state}"));
    let counts: Vec<_> = counts.collect();
    if !text.is_empty() {
        text.push_str("\n- as the template has it, + as it is\n");
    }
    format!("{text}{} databases: {}", checks.len(), counts.join(", "))
}
