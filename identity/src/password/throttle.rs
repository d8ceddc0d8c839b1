//! How many passwords may be tried for one account from one address. Counted before the password is checked, so
//! that parallel guesses do not slip through; per address, so that nobody can lock out the owner.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use httpkit::Problem;

use crate::account::EmailAddress;

type Attempt = (EmailAddress, Option<IpAddr>);

/// Counts attempts; per process, since the gateway limits each address over all.
pub struct Throttle {
    limiter: DefaultKeyedRateLimiter<Attempt>,
    clock: DefaultClock,
}

impl Throttle {
    /// So many attempts at once, and as many again in each minute.
    pub fn new(per_minute: NonZeroU32) -> Self {
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(Quota::per_minute(per_minute)),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one attempt; 429 when there were too many.
    pub(crate) fn attempt(
        &self,
        email: &EmailAddress,
        address: Option<IpAddr>,
    ) -> Result<(), Problem> {
        self.limiter
            .check_key(&(email.clone(), address))
            .map_err(|until| {
                metrics::counter!("identity_attempts_throttled_total").increment(1);
                let wait = until.wait_time_from(self.clock.now());
                Problem::too_many("too_many_attempts", wait.as_secs() + 1)
            })
    }

    /// Forgets attempts that no longer count.
    pub(crate) fn forget_old(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_by_account_and_address() {
        let throttle = Throttle::new(NonZeroU32::new(2).unwrap());
        let email = |text: &str| -> EmailAddress { serde_json::from_value(text.into()).unwrap() };
        let (ada, here) = (email("ada@example.com"), Some(IpAddr::from([10, 0, 0, 1])));
        assert!(throttle.attempt(&ada, here).is_ok());
        assert!(throttle.attempt(&email("ADA@example.com"), here).is_ok());
        assert_eq!(throttle.attempt(&ada, here).unwrap_err().status(), 429);
        assert!(
            throttle
                .attempt(&ada, Some(IpAddr::from([10, 0, 0, 2])))
                .is_ok()
        );
        assert!(throttle.attempt(&email("bob@example.com"), here).is_ok());
    }
}
