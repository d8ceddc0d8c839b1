//! Time and chance. Both come in as arguments, so that a test can hold them still.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

use crate::Id;

/// Tells the time. Cloning is cheap; clones of a fixed clock move together.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `now` until [`Clock::advance`] moves it.
    pub fn fixed(now: DateTime<Utc>) -> Self {
        Self(Source::Fixed(Arc::new(Mutex::new(now))))
    }

    /// The time now, in microseconds as PostgreSQL keeps it: what is written reads back equal.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now().trunc_subsecs(6),
            Source::Fixed(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a fixed clock on; does nothing to the machine's.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Fixed(now) = &self.0 {
            *now.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Source::System => f.write_str("Clock::System"),
            Source::Fixed(_) => f.write_str("Clock::Fixed"),
        }
    }
}

/// Makes ids.
#[derive(Clone, Debug, Default)]
pub struct Ids(());

impl Ids {
    /// UUIDv7 of the machine's clock and random source.
    pub const fn system() -> Self {
        Self(())
    }

    /// A new id of the type asked for.
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    pub fn next<T: Id>(&self) -> T {
        T::from(Uuid::now_v7())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TaskId;

    #[test]
    fn fixed_clock_moves_only_when_told() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let other = clock.clone();
        assert_eq!(clock.now(), clock.now());
        clock.advance(TimeDelta::minutes(5));
        assert_eq!(other.now(), DateTime::UNIX_EPOCH + TimeDelta::minutes(5));
    }

    #[test]
    fn later_ids_sort_later() {
        let ids = Ids::system();
        let made: Vec<TaskId> = (0..100).map(|_| ids.next()).collect();
        assert!(made.is_sorted());
    }
}
