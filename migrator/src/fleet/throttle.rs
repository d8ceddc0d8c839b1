//! How many databases of one server are worked on at once: fewer when connecting gets slow, for that is
//! when the server has more to do than it can.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Connecting takes 2 to 20 ms on a server that keeps up.
const SLOW: Duration = Duration::from_millis(500);
/// The limit is not halved again before connections begun under the old one are through.
const SETTLE: Duration = Duration::from_secs(1);

/// One server's limit.
#[derive(Debug)]
pub(super) struct Throttle {
    most: usize,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    limit: usize,
    running: usize,
    quick: usize,
    halved_at: Option<Instant>,
}

/// Work on one database; ends when dropped.
#[derive(Debug)]
pub(super) struct Permit<'a>(&'a Throttle);

impl Throttle {
    pub(super) fn new(most: usize) -> Self {
        let state = State {
            limit: most,
            running: 0,
            quick: 0,
            halved_at: None,
        };
        Self {
            most,
            state: Mutex::new(state),
            freed: Notify::new(),
        }
    }

    /// Waits for room.
    pub(super) async fn permit(&self) -> Permit<'_> {
        loop {
            let freed = self.freed.notified();
            if self.enter() {
                return Permit(self);
            }
            freed.await;
        }
    }

    /// Learns how long a connection took to make.
    pub(super) fn connected(&self, took: Duration, now: Instant) {
        let mut state = self.state();
        if took < SLOW {
            state.quick += 1;
            if state.quick >= state.limit && state.limit < self.most {
                state.quick = 0;
                state.limit += 1;
                self.freed.notify_one();
            }
            return;
        }
        let settled = |at: Instant| now.duration_since(at) >= SETTLE;
        if state.halved_at.is_none_or(settled) {
            state.quick = 0;
            state.halved_at = Some(now);
            state.limit = (state.limit / 2).max(1);
        }
    }

    fn enter(&self) -> bool {
        let mut state = self.state();
        let room = state.running < state.limit;
        state.running += usize::from(room);
        room
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // No code that holds it can panic.
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.state().running -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_connections_halve_the_limit_and_quick_ones_raise_it_again() {
        let throttle = Throttle::new(8);
        let limit = || throttle.state().limit;
        let start = Instant::now();
        throttle.connected(SLOW, start);
        throttle.connected(SLOW, start);
        assert_eq!(limit(), 4);
        for second in 1..5 {
            throttle.connected(SLOW, start + second * SETTLE);
        }
        assert_eq!(limit(), 1);
        for _ in 0..100 {
            throttle.connected(Duration::from_millis(5), start);
        }
        assert_eq!(limit(), 8);
    }

    #[tokio::test]
    async fn room_is_given_back() {
        let throttle = Throttle::new(2);
        let (one, two) = (throttle.permit().await, throttle.permit().await);
        assert!(!throttle.enter());
        drop(one);
        let three = throttle.permit().await;
        drop((two, three));
        assert_eq!(throttle.state().running, 0);
    }
}
