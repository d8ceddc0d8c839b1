//! Tables with colour on a terminal, aligned plain text in a pipe, one JSON document with `--json`.

use std::io::{self, IsTerminal, Write};

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use serde::Serialize;

/// Below so many columns a terminal breaks long lines better than a table breaks its cells.
const NARROWEST: u16 = 80;

/// Where answers go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    json: bool,
    terminal: bool,
}

/// How a cell is meant; shown as colour on a terminal only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Warning,
    Bad,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        let terminal = io::stdout().is_terminal() && !json;
        Self { json, terminal }
    }

    /// A person looks on: progress may be drawn on standard error.
    pub(super) fn draws(self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    /// Says something beside the answer, on standard error; nothing with `--json`.
    pub(super) fn remark(self, text: &str) {
        if !self.json {
            // Nobody is left to tell when standard error is closed.
            drop(writeln!(io::stderr().lock(), "{text}"));
        }
    }

    /// Prints the document with `--json`, else what `text` makes of it.
    pub(super) fn answer<T: Serialize>(
        self,
        document: &T,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        let answer = match self.json {
            true => serde_json::to_string_pretty(document)?,
            false => text(),
        };
        writeln!(io::stdout().lock(), "{}", answer.trim_end())?;
        Ok(())
    }

    /// A failure: on standard error, and as the document with `--json`.
    pub(super) fn error(self, error: &anyhow::Error) {
        let mut causes = error.chain().map(ToString::to_string).collect::<Vec<_>>();
        // A transparent wrapper says the same as what it wraps.
        causes.dedup();
        let text = causes.join(": ");
        if self.json {
            let document = serde_json::json!({ "error": text });
            // Nobody is left to tell when standard output is closed.
            drop(writeln!(io::stdout().lock(), "{document}"));
        }
        drop(writeln!(io::stderr().lock(), "migrator: {text}"));
    }

    /// Rows under a header.
    pub(super) fn table(self, header: &[&str], rows: Vec<Vec<(String, Tone)>>) -> String {
        let mut table = Table::new();
        table.load_style(if self.terminal {
            presets::UTF8_HORIZONTAL_ONLY
        } else {
            presets::NOTHING
        });
        let fits = table.width().is_some_and(|columns| columns >= NARROWEST);
        table.set_content_arrangement(if self.terminal && fits {
            ContentArrangement::Dynamic
        } else {
            ContentArrangement::Disabled
        });
        table.set_header(
            header
                .iter()
                .map(|text| Cell::new(text).add_attribute(Attribute::Bold)),
        );
        for row in rows {
            table.add_row(row.into_iter().map(|(text, tone)| cell(&text, tone)));
        }
        table.trim_fmt()
    }
}

fn cell(text: &str, tone: Tone) -> Cell {
    let cell = Cell::new(text);
    match tone {
        Tone::Plain => cell,
        Tone::Good => cell.fg(Color::Green),
        Tone::Warning => cell.fg(Color::Yellow),
        Tone::Bad => cell.fg(Color::Red),
    }
}

/// A cell without a meaning of its own.
pub(super) fn plain(text: impl Into<String>) -> (String, Tone) {
    (text.into(), Tone::Plain)
}

/// A cell that may have nothing to say.
pub(super) fn optional(text: Option<&str>) -> (String, Tone) {
    plain(text.unwrap_or("-"))
}
