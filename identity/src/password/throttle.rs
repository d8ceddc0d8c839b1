//! How often somebody may guess or ask. Counted before a password is checked, so that parallel guesses do not slip
//! through, and given back when it was right.
//!
//! Two counts: of an account from one address, and of an address over all accounts. Beyond what is free each attempt
//! must wait, twice as long each time. None is of an account alone, so nobody can lock its owner out from elsewhere.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use httpkit::Problem;
use kernel::Clock;

use crate::account::EmailAddress;

/// The first wait, and the longest.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(2);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);
/// Doublings from the first wait to beyond the longest.
const DOUBLINGS: u32 = 10;
/// Without an attempt for this long, all are forgotten.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(1);
/// Letters that one address may ask for to one mailbox without waiting.
const FREE_LETTERS: u32 = 5;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Guess(EmailAddress, Option<IpAddr>),
    Letter(EmailAddress, Option<IpAddr>),
    Address(Option<IpAddr>),
    Letters(Option<IpAddr>),
}

#[derive(Debug, Clone, Copy)]
struct Count {
    attempts: u32,
    last: DateTime<Utc>,
}

impl Count {
    /// When the next attempt may come.
    fn next(self, free: u32) -> Option<DateTime<Utc>> {
        let beyond = self.attempts.checked_sub(free)?;
        let factor = 1 << beyond.min(DOUBLINGS);
        Some(self.last + (FIRST_WAIT * factor).min(LONGEST_WAIT))
    }
}

/// Counts attempts; per process, since the gateway limits each address over all.
pub struct Throttle {
    counts: Mutex<HashMap<Key, Count>>,
    free: u32,
    free_of_address: u32,
    clock: Clock,
}

impl Throttle {
    /// `free` attempts for one account from one address, `free_of_address` from one address, before waiting begins.
    pub fn new(free: NonZeroU32, free_of_address: NonZeroU32, clock: Clock) -> Self {
        Self {
            counts: Mutex::new(HashMap::new()),
            free: free.get(),
            free_of_address: free_of_address.get(),
            clock,
        }
    }

    /// Counts one guess at a password; 429 when there were too many.
    pub(crate) fn attempt(
        &self,
        email: &EmailAddress,
        address: Option<IpAddr>,
    ) -> Result<(), Problem> {
        let address = address.map(subscriber);
        self.count([
            (Key::Guess(email.clone(), address), self.free),
            (Key::Address(address), self.free_of_address),
        ])
    }

    /// Gives the last guess back: it was right. What it cost to get there is forgotten for this account alone.
    pub(crate) fn succeeded(&self, email: &EmailAddress, address: Option<IpAddr>) {
        let address = address.map(subscriber);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.remove(&Key::Guess(email.clone(), address));
        if let Some(count) = counts.get_mut(&Key::Address(address)) {
            count.attempts = count.attempts.saturating_sub(1);
        }
    }

    /// Counts one letter asked for; 429 when there were too many.
    pub(crate) fn letter(
        &self,
        email: &EmailAddress,
        address: Option<IpAddr>,
    ) -> Result<(), Problem> {
        let address = address.map(subscriber);
        self.count([
            (Key::Letter(email.clone(), address), FREE_LETTERS),
            (Key::Letters(address), self.free_of_address),
        ])
    }

    /// Forgets attempts that no longer count.
    pub(crate) fn forget_old(&self) {
        let now = self.clock.now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|_, count| now - count.last < FORGOTTEN_AFTER);
        counts.shrink_to_fit();
    }

    /// Counts under all keys, or under none when one of them must wait.
    fn count(&self, keys: [(Key, u32); 2]) -> Result<(), Problem> {
        let now = self.clock.now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = keys.iter().filter_map(|(key, free)| {
            let count = counts.get(key)?;
            (now - count.last < FORGOTTEN_AFTER).then(|| count.next(*free))?
        });
        let until = waits.filter(|until| *until > now).max();
        if let Some(until) = until {
            metrics::counter!("identity_attempts_throttled_total").increment(1);
            let wait = u64::try_from((until - now).num_seconds()).unwrap_or(0);
            return Err(Problem::too_many("too_many_attempts", wait + 1));
        }
        for (key, _) in keys {
            let count = counts.entry(key).or_insert(Count {
                attempts: 0,
                last: now,
            });
            if now - count.last >= FORGOTTEN_AFTER {
                count.attempts = 0;
            }
            count.attempts = count.attempts.saturating_add(1);
            count.last = now;
        }
        Ok(())
    }
}

/// One customer of a provider has a whole /64 of IPv6 addresses.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let mask = u128::MAX << 64;
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> EmailAddress {
        serde_json::from_value(text.into()).unwrap()
    }

    fn throttle(free: u32, of_address: u32) -> (Throttle, Clock) {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let limit = |free| NonZeroU32::new(free).unwrap();
        let made = Throttle::new(limit(free), limit(of_address), clock.clone());
        (made, clock)
    }

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)));
    const THERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)));

    #[test]
    fn waits_double_up_to_the_longest() {
        let (throttle, clock) = throttle(2, 1000);
        let ada = email("ada@example.com");
        assert!(throttle.attempt(&ada, HERE).is_ok());
        assert!(throttle.attempt(&email("ADA@example.com"), HERE).is_ok());
        for seconds in [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            clock.advance(TimeDelta::seconds(seconds - 1));
            assert_eq!(throttle.attempt(&ada, HERE).unwrap_err().status(), 429);
            clock.advance(TimeDelta::seconds(1));
            assert!(throttle.attempt(&ada, HERE).is_ok(), "{seconds}");
        }
        clock.advance(FORGOTTEN_AFTER);
        assert!(throttle.attempt(&ada, HERE).is_ok());
        assert!(throttle.attempt(&ada, HERE).is_ok());
    }

    #[test]
    fn the_owner_is_not_locked_out_from_elsewhere() {
        let (throttle, _) = throttle(2, 1000);
        let ada = email("ada@example.com");
        while throttle.attempt(&ada, HERE).is_ok() {}
        assert!(throttle.attempt(&ada, THERE).is_ok());
        assert!(throttle.attempt(&email("bob@example.com"), HERE).is_ok());
    }

    #[test]
    fn one_address_may_not_try_everybody() {
        let (throttle, _) = throttle(10, 20);
        let tried = (0..1000).filter(|n| {
            let somebody = email(&format!("p{n}@example.com"));
            throttle.attempt(&somebody, HERE).is_ok()
        });
        assert_eq!(tried.count(), 20);
        assert!(throttle.attempt(&email("p1@example.com"), THERE).is_ok());
    }

    #[test]
    fn right_passwords_cost_nothing_and_buy_nothing() {
        let (throttle, _) = throttle(3, 10);
        let ada = email("ada@example.com");
        for _ in 0..50 {
            assert!(throttle.attempt(&ada, HERE).is_ok());
            throttle.succeeded(&ada, HERE);
        }
        // One's own password between guesses does not help with those of others.
        let guessed = (0..50).filter(|n| {
            let right = throttle.attempt(&ada, HERE).is_ok();
            if right {
                throttle.succeeded(&ada, HERE);
            }
            throttle
                .attempt(&email(&format!("p{n}@example.com")), HERE)
                .is_ok()
        });
        assert_eq!(guessed.count(), 10);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let (throttle, _) = throttle(2, 1000);
        let ada = email("ada@example.com");
        let at = |text: &str| Some(text.parse().unwrap());
        assert!(throttle.attempt(&ada, at("2001:db8::1")).is_ok());
        assert!(throttle.attempt(&ada, at("2001:db8::2")).is_ok());
        assert!(throttle.attempt(&ada, at("2001:db8::3")).is_err());
        assert!(throttle.attempt(&ada, at("2001:db8:0:1::3")).is_ok());
    }
}
