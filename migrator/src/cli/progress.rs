//! A bar with rate and time left while a run goes over the fleet; a line a wave in a pipe; nothing with
//! `--json`.

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Output;
use crate::fleet::{Observer, Outcome, Verdict, Wave};

/// Draws a run.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    output: Output,
}

impl Progress {
    pub(super) fn new(output: Output) -> Self {
        let bar = match output.draws() {
            true => ProgressBar::new(0),
            false => ProgressBar::hidden(),
        };
        let template =
            "{prefix:>11} {bar:32} {pos}/{len} databases  {per_sec}  {eta} left  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, output }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: &str) {
        match self.output.draws() {
            true => self.bar.println(text),
            false => self.output.remark(text),
        }
    }
}

impl Observer for Progress {
    fn begins(&self, databases: usize) {
        self.bar
            .set_length(u64::try_from(databases).unwrap_or(u64::MAX));
    }

    fn wave(&self, wave: Wave, databases: usize) {
        self.bar.set_prefix(wave.as_str());
        if !self.output.draws() {
            self.line(&format!("wave {}: {databases} databases", wave.as_str()));
        }
    }

    fn done(&self, outcome: &Outcome) {
        self.bar.inc(1);
        if matches!(outcome.outcome, Verdict::Failed | Verdict::Deferred) {
            let error = outcome.error.as_deref().unwrap_or_default();
            let verdict = outcome.outcome.as_str();
            self.line(&format!("{} {verdict}: {error}", outcome.name));
        }
        self.bar.set_message(outcome.name.clone());
    }
}
