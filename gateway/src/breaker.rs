//! A circuit breaker per service: when most calls fail, stop calling for a moment instead of letting every
//! request wait for its deadline. Only the connection's failures and missed deadlines count. An answer, even
//! a 5xx, is one organization's or one route's trouble, and must not close the door for the others.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Over which calls are counted.
const WINDOW: Duration = Duration::from_secs(10);

/// Fewer calls than this say nothing.
const LEAST_CALLS: u32 = 20;

/// Between two tries while open.
const PROBE: Duration = Duration::from_secs(2);

/// The breaker of one service.
#[derive(Debug)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug)]
struct State {
    window_began: Instant,
    calls: u32,
    failures: u32,
    /// While open: when the next call may try.
    next_probe: Option<Instant>,
}

/// No call now; come back after so many seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Open {
    pub retry_after_seconds: u64,
}

impl Default for Breaker {
    fn default() -> Self {
        let window_began = Instant::now();
        Self(Mutex::new(State {
            window_began,
            calls: 0,
            failures: 0,
            next_probe: None,
        }))
    }
}

impl Breaker {
    /// Whether a call may be made.
    pub(crate) fn allow(&self, now: Instant) -> Result<(), Open> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.next_probe {
            Some(probe) if now < probe => Err(Open {
                retry_after_seconds: (probe - now).as_secs() + 1,
            }),
            Some(_) => {
                // This call is the probe; the next one waits for its turn.
                state.next_probe = Some(now + PROBE);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Learns how a call went; says whether the breaker changed.
    pub(crate) fn learn(&self, now: Instant, success: bool) -> Option<Change> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.next_probe.is_some() {
            if !success {
                return None;
            }
            *state = State {
                window_began: now,
                calls: 0,
                failures: 0,
                next_probe: None,
            };
            return Some(Change::Closed);
        }
        if now.duration_since(state.window_began) > WINDOW {
            *state = State {
                window_began: now,
                calls: 0,
                failures: 0,
                next_probe: None,
            };
        }
        state.calls += 1;
        state.failures += u32::from(!success);
        if state.calls >= LEAST_CALLS && state.failures * 2 >= state.calls && !success {
            state.next_probe = Some(now + PROBE);
            return Some(Change::Opened);
        }
        None
    }
}

/// A breaker's turn, worth a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Opened,
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(now: Instant) -> Breaker {
        let breaker = Breaker::default();
        for _ in 1..LEAST_CALLS {
            assert_eq!(breaker.learn(now, false), None);
        }
        assert_eq!(breaker.learn(now, false), Some(Change::Opened));
        breaker
    }

    #[test]
    fn opens_after_enough_failures_and_probes() {
        let now = Instant::now();
        let breaker = broken(now);
        assert!(breaker.allow(now).is_err());
        assert!(breaker.allow(now + PROBE).is_ok());
        assert!(breaker.allow(now + PROBE).is_err(), "one probe at a time");
        assert_eq!(breaker.learn(now + PROBE, false), None);
        assert!(breaker.allow(now + PROBE * 2).is_ok());
        assert_eq!(breaker.learn(now + PROBE * 2, true), Some(Change::Closed));
        assert!(breaker.allow(now + PROBE * 2).is_ok());
    }

    #[test]
    fn stays_closed_while_most_calls_succeed() {
        let now = Instant::now();
        let breaker = Breaker::default();
        for call in 0..1000 {
            assert_eq!(breaker.learn(now, call % 5 < 3), None);
        }
        assert!(breaker.allow(now).is_ok());
    }

    #[test]
    fn forgets_old_failures() {
        let now = Instant::now();
        let breaker = Breaker::default();
        for second in 0..30 {
            let now = now + Duration::from_secs(second * 11);
            for _ in 0..LEAST_CALLS - 1 {
                assert_eq!(breaker.learn(now, false), None);
            }
        }
    }
}
