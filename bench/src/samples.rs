//! Durations of one kind, and their percentiles.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Durations from a microsecond to a minute, to three digits.
pub(crate) struct Samples(Histogram<u64>);

impl Samples {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_max(60_000_000, 3)?))
    }

    pub(crate) fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.max(1));
    }

    pub(crate) fn merge(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    pub(crate) fn len(&self) -> u64 {
        self.0.len()
    }

    /// The duration that `percent` of all do not exceed, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "a minute in microseconds fits")]
    pub(crate) fn ms(&self, percent: f64) -> f64 {
        self.0.value_at_percentile(percent) as f64 / 1000.0
    }
}
