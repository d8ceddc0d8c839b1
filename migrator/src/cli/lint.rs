//! `migrator lint`

use anyhow::Context;
use serde_json::json;

use super::Exit;
use super::args::LintArgs;
use super::output::{Output, plain};
use crate::lint::{Finding, Released, SCHEMAS, lint as findings_of};

const HEADER: [&str; 5] = ["step", "line", "rule", "reason", "instead"];

pub(super) async fn lint(output: &Output, args: &LintArgs) -> anyhow::Result<Exit> {
    let mut released = match &args.release {
        Some(file) => {
            let text = tokio::fs::read_to_string(file).await;
            Released::parse(&text.with_context(|| format!("read {}", file.display()))?)?
        }
        None => Released::ours()?,
    };
    let findings = findings_of(&SCHEMAS, &released);
    let added = match &args.release {
        Some(file) if findings.is_empty() => {
            let added = released.add(&SCHEMAS);
            let written = tokio::fs::write(file, released.text()?).await;
            written.with_context(|| format!("write {}", file.display()))?;
            added
        }
        _ => Vec::new(),
    };
    let document = json!({ "findings": &findings, "released": &added });
    output.answer(&document, || text(*output, &findings, &added))?;
    Ok(match findings.is_empty() {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

fn text(output: Output, findings: &[Finding], added: &[String]) -> String {
    if findings.is_empty() {
        return match added.is_empty() {
            true => "every step is safe to run beside the previous release".to_owned(),
            false => format!("released: {}", added.join(", ")),
        };
    }
    let rows = findings.iter().map(|finding| {
        let line = finding
            .line
            .map_or_else(|| "-".to_owned(), |line| line.to_string());
        vec![
            plain(format!("{}/{}", finding.schema, finding.migration)),
            plain(line),
            plain(finding.rule),
            plain(finding.reason),
            plain(finding.instead),
        ]
    });
    let table = output.table(&HEADER, rows.collect());
    format!("{table}\n\n{} refused", findings.len())
}
