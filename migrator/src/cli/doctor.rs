//! `migrator doctor`

use super::args::Settings;
use super::output::{Output, Tone, plain};
use super::{Exit, open_fleet};
use crate::doctor::{Finding, Level, examine};

const HEADER: [&str; 5] = ["", "cluster", "check", "problem", "what to do"];

pub(super) async fn doctor(settings: &Settings, output: &Output) -> anyhow::Result<Exit> {
    let fleet = open_fleet(settings).await?;
    let findings = examine(&fleet).await?;
    output.answer(&findings, || match findings.is_empty() {
        true => "nothing to mend".to_owned(),
        false => output.table(&HEADER, findings.iter().map(row).collect()),
    })?;
    let mend = findings.iter().any(|finding| finding.level == Level::Mend);
    Ok(if mend { Exit::Failed } else { Exit::Done })
}

fn row(finding: &Finding) -> Vec<(String, Tone)> {
    let level = match finding.level {
        Level::Hint => ("hint", Tone::Warning),
        Level::Mend => ("mend", Tone::Bad),
    };
    vec![
        (level.0.to_owned(), level.1),
        plain(&finding.cluster),
        plain(finding.check),
        plain(&finding.problem),
        plain(&finding.remedy),
    ]
}
