//! A circuit breaker per service: when most calls fail, stop calling for a moment instead of letting every
//! request wait for its deadline. Only the connection's failures and missed deadlines count. An answer, even
//! a 5xx, is one organization's or one route's trouble, and must not close the door for the others. A service that
//! says it is leaving is not called either: a request that meets its closing listener would be lost.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Over which calls are counted.
const WINDOW: Duration = Duration::from_secs(10);

/// Fewer calls than this say nothing.
const LEAST_CALLS: u32 = 20;

/// Between two tries while open.
const PROBE: Duration = Duration::from_secs(2);

/// A leaving service's listener and idle connections are closed within this time.
const LEAVE: Duration = Duration::from_millis(2500);

/// Between two tries after a service left: the next one usually takes its place at once.
const RETURN: Duration = Duration::from_millis(200);

/// The breaker of one service.
#[derive(Debug)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug)]
struct State {
    window_began: Instant,
    calls: u32,
    failures: u32,
    open: Option<Pause>,
}

/// While open: when the next call may try, and how often.
#[derive(Debug, Clone, Copy)]
struct Pause {
    next_probe: Instant,
    between: Duration,
}

impl State {
    fn closed(window_began: Instant) -> Self {
        Self {
            window_began,
            calls: 0,
            failures: 0,
            open: None,
        }
    }
}

/// No call now; come back after so many seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Open {
    pub retry_after_seconds: u64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self(Mutex::new(State::closed(Instant::now())))
    }
}

impl Breaker {
    /// Whether a call may be made.
    pub(crate) fn allow(&self, now: Instant) -> Result<(), Open> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut state.open {
            Some(pause) if now < pause.next_probe => Err(Open {
                retry_after_seconds: (pause.next_probe - now).as_secs() + 1,
            }),
            Some(pause) => {
                // This call is the probe; the next one waits for its turn.
                pause.next_probe = now + pause.between;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Learns that the service is leaving: it is called again when its listener is surely closed, to find the one
    /// that takes its place.
    pub(crate) fn leave(&self, now: Instant) -> Option<Change> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.open.is_some() {
            return None;
        }
        state.open = Some(Pause {
            next_probe: now + LEAVE,
            between: RETURN,
        });
        Some(Change::Opened)
    }

    /// Learns how a call went; says whether the breaker changed.
    pub(crate) fn learn(&self, now: Instant, success: bool) -> Option<Change> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.open.is_some() {
            if !success {
                return None;
            }
            *state = State::closed(now);
            return Some(Change::Closed);
        }
        if now.duration_since(state.window_began) > WINDOW {
            *state = State::closed(now);
        }
        state.calls += 1;
        state.failures += u32::from(!success);
        if state.calls >= LEAST_CALLS && state.failures * 2 >= state.calls && !success {
            state.open = Some(Pause {
                next_probe: now + PROBE,
                between: PROBE,
            });
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
    fn a_leaving_service_is_left_alone_and_its_successor_soon_found() {
        let now = Instant::now();
        let breaker = Breaker::default();
        assert_eq!(breaker.leave(now), Some(Change::Opened));
        let late = now + Duration::from_millis(300);
        assert_eq!(breaker.leave(late), None, "an answer on its way");
        assert!(breaker.allow(now + LEAVE / 2).is_err());
        assert!(breaker.allow(now + LEAVE).is_ok());
        assert_eq!(breaker.learn(now + LEAVE, false), None);
        assert!(breaker.allow(now + LEAVE + RETURN / 2).is_err());
        assert!(breaker.allow(now + LEAVE + RETURN).is_ok());
        let back = breaker.learn(now + LEAVE + RETURN, true);
        assert_eq!(back, Some(Change::Closed));
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
