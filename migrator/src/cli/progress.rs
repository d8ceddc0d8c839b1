//! A bar with rate and time left while a run goes over the fleet; nothing in a pipe.

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Output;
use crate::fleet::{Observer, Outcome, Verdict};

/// Draws a run.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new(output: Output) -> Self {
        let bar = match output.draws() {
            true => ProgressBar::new(0),
            false => ProgressBar::hidden(),
        };
        let template = "{bar:32} {pos}/{len} databases  {per_sec}  {eta} left  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn begins(&self, databases: usize) {
        self.bar
            .set_length(u64::try_from(databases).unwrap_or(u64::MAX));
    }

    fn done(&self, outcome: &Outcome) {
        self.bar.inc(1);
        if outcome.outcome == Verdict::Failed {
            let error = outcome.error.as_deref().unwrap_or_default();
            self.bar.println(format!("{}: {error}", outcome.name));
        }
        self.bar.set_message(outcome.name.clone());
    }
}
