//! How much waits in the outboxes that this process relays, for its metrics: as far as it was told by commits and
//! seen while relaying. What another instance wrote or relays is told by that one.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::outbox::OutboxRow;

/// What waits, by outbox. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Backlog<K>(Arc<Mutex<HashMap<K, Waiting>>>);

#[derive(Debug, Clone, Copy)]
struct Waiting {
    rows: i64,
    since: Instant,
}

impl<K> Default for Backlog<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash> Backlog<K> {
    /// So many rows were committed just now.
    pub(crate) fn told(&self, outbox: K, rows: i64) {
        let mut outboxes = self.outboxes();
        let waiting = outboxes.entry(outbox).or_insert_with(|| Waiting {
            rows: 0,
            since: Instant::now(),
        });
        waiting.rows += rows;
    }

    /// So many rows are there, the oldest for so long.
    fn seen(&self, outbox: K, rows: i64, age: Duration) {
        let now = Instant::now();
        let since = now.checked_sub(age).unwrap_or(now);
        self.outboxes().insert(outbox, Waiting { rows, since });
    }

    /// Nothing waits there any more, or another instance is at it.
    fn gone(&self, outbox: &K) {
        self.outboxes().remove(outbox);
    }

    /// Notes what a drain found.
    pub(crate) fn note(&self, outbox: K, oldest: Option<&OutboxRow>) {
        match oldest {
            Some(row) => {
                let age_ms = u64::try_from(row.age_ms).unwrap_or_default();
                self.seen(outbox, row.behind, Duration::from_millis(age_ms));
            }
            None => self.gone(&outbox),
        }
    }

    /// Writes the gauges.
    pub(crate) fn show(&self) {
        let (rows, age) = self.sum();
        metrics::gauge!("outbox_waiting_rows").set(rows as f64);
        metrics::gauge!("outbox_oldest_row_age_seconds").set(age.as_secs_f64());
    }

    /// Rows in all, and the age of the oldest.
    fn sum(&self) -> (i64, Duration) {
        let outboxes = self.outboxes();
        let rows = outboxes.values().map(|waiting| waiting.rows).sum();
        let ages = outboxes.values().map(|waiting| waiting.since.elapsed());
        (rows, ages.max().unwrap_or_default())
    }

    fn outboxes(&self) -> MutexGuard<'_, HashMap<K, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_summed_and_the_oldest_counts() {
        let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
        let backlog = Backlog::default();
        assert_eq!(backlog.sum(), (0, Duration::ZERO));
        backlog.told("acme", 2);
        backlog.told("acme", 1);
        let (rows, age) = backlog.sum();
        assert!(rows == 3 && age < minute, "{rows} {age:?}");
        backlog.seen("globex", 5, minute);
        backlog.told("globex", 1);
        backlog.seen("initech", 1, hour);
        let (rows, age) = backlog.sum();
        assert!(rows == 10 && age >= hour, "{rows} {age:?}");
        backlog.gone(&"initech");
        let (rows, age) = backlog.sum();
        assert!(rows == 9 && (minute..hour).contains(&age), "{rows} {age:?}");
    }
}
