//! Measured values beside their bars, as a table for people and JSON for machines.

use std::path::Path;

use anyhow::Context;
use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use serde::Serialize;

/// One measured value.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    part: &'static str,
    what: String,
    value: f64,
    unit: &'static str,
    /// The value may not be above it, or below where `at_least`.
    bar: Option<f64>,
    at_least: bool,
    holds: Option<bool>,
}

/// All lines of a run; each is shown when it is known.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

impl Report {
    /// A value that is compared with nothing.
    pub(crate) fn note(
        &mut self,
        part: &'static str,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
    ) {
        self.push(part, what.into(), value, unit, None, false);
    }

    /// A value that may be `bar` at most.
    pub(crate) fn at_most(
        &mut self,
        part: &'static str,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
        bar: f64,
    ) {
        self.push(part, what.into(), value, unit, Some(bar), false);
    }

    /// A value that must be `bar` at least.
    pub(crate) fn at_least(
        &mut self,
        part: &'static str,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
        bar: f64,
    ) {
        self.push(part, what.into(), value, unit, Some(bar), true);
    }

    fn push(
        &mut self,
        part: &'static str,
        what: String,
        value: f64,
        unit: &'static str,
        bar: Option<f64>,
        at_least: bool,
    ) {
        let holds = bar.map(|bar| if at_least { value >= bar } else { value <= bar });
        eprintln!("  {part}: {what} {value:.2} {unit}{}", mark(holds));
        self.lines.push(Line {
            part,
            what,
            value,
            unit,
            bar,
            at_least,
            holds,
        });
    }

    /// Whether every bar was reached.
    pub(crate) fn holds(&self) -> bool {
        self.lines.iter().all(|line| line.holds != Some(false))
    }

    /// Also writes the figures to `file`, if there is one, as JSON.
    pub(crate) fn keep(&self, file: Option<&Path>) -> anyhow::Result<()> {
        let Some(file) = file else { return Ok(()) };
        let document = serde_json::to_vec_pretty(self)?;
        std::fs::write(file, document).with_context(|| format!("write {}", file.display()))
    }

    /// The table.
    pub(crate) fn table(&self) -> String {
        let mut table = Table::new();
        table
            .load_style(UTF8_HORIZONTAL_ONLY)
            .set_header(["part", "what", "measured", "bar", ""]);
        for line in &self.lines {
            let sign = if line.at_least { "≥" } else { "≤" };
            table.add_row([
                line.part.to_owned(),
                line.what.clone(),
                format!("{:.2} {}", line.value, line.unit),
                line.bar
                    .map_or_else(String::new, |bar| format!("{sign} {bar} {}", line.unit)),
                mark(line.holds).trim().to_owned(),
            ]);
        }
        table.to_string()
    }
}

fn mark(holds: Option<bool>) -> &'static str {
    match holds {
        None => "",
        Some(true) => " ok",
        Some(false) => " MISSED",
    }
}
