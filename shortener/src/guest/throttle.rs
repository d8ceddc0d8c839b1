//! How many passwords may be tried for one link. Charged before the password is looked at, so that
//! parallel guesses do not slip through and a right one is no oracle.
//!
//! First by link and client, so that one guesser does not lock everybody out; then by client over all links, so that
//! nobody tries one password on many; then by link, so that many clients together stay slow. Per process: more
//! instances are that many times more guesses.
//!
//! Who is turned away hears it a moment later: a program that asks again at once would take the processor from others.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota};
use kernel::LinkId;
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// Of one client for one link: five at once, then ten an hour.
const CLIENT: (NonZeroU32, Duration) =
    (NonZeroU32::MIN.saturating_add(4), Duration::from_secs(360));
/// Of one client for all links: sixty at once, then a hundred and twenty an hour.
const ADDRESS: (NonZeroU32, Duration) =
    (NonZeroU32::MIN.saturating_add(59), Duration::from_secs(30));
/// Of all clients for one link: sixty at once, then sixty an hour.
const LINK: (NonZeroU32, Duration) = (NonZeroU32::MIN.saturating_add(59), Duration::from_secs(60));
/// A household has a /64 of IPv6 addresses (RFC 6177).
const IPV6_NETWORK_BITS: u32 = 64;

/// Clients counted at once, some hundred bytes each. Beyond it they are not told apart, and the link's own limit holds.
const MAX_CLIENTS: usize = 100_000;
/// How long an attempt that is turned away waits for its answer.
const HOLD: Duration = Duration::from_secs(1);
/// How many wait, some kilobytes each. Beyond it they are answered at once.
const MAX_HELD: usize = 1_000;

/// Counts attempts.
pub(crate) struct Throttle {
    by_client: DefaultKeyedRateLimiter<(LinkId, Option<IpAddr>)>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    by_link: DefaultKeyedRateLimiter<LinkId>,
    held: Semaphore,
    clock: DefaultClock,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self {
            by_client: DefaultKeyedRateLimiter::keyed(quota(CLIENT)),
            by_address: DefaultKeyedRateLimiter::keyed(quota(ADDRESS)),
            by_link: DefaultKeyedRateLimiter::keyed(quota(LINK)),
            held: Semaphore::new(MAX_HELD),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one attempt, or says, after a moment, in how many seconds the next may come.
    pub(super) async fn admit(&self, link: LinkId, client: Option<IpAddr>) -> Result<(), u64> {
        let charged = self.charge(link, client);
        if charged.is_err()
            && let Ok(_place) = self.held.try_acquire()
        {
            sleep(HOLD).await;
        }
        charged
    }

    fn charge(&self, link: LinkId, client: Option<IpAddr>) -> Result<(), u64> {
        let client = client.map(network);
        if self.by_client.len() < MAX_CLIENTS {
            let charged = self.by_client.check_key(&(link, client));
            charged.map_err(|until| self.wait(&until))?;
            if let Some(client) = client {
                let charged = self.by_address.check_key(&client);
                charged.map_err(|until| self.wait(&until))?;
            }
        }
        let charged = self.by_link.check_key(&link);
        charged.map_err(|until| self.wait(&until))
    }

    /// Forgets attempts that no longer count.
    pub(crate) fn forget_old(&self) {
        self.by_client.retain_recent();
        self.by_client.shrink_to_fit();
        self.by_address.retain_recent();
        self.by_address.shrink_to_fit();
        self.by_link.retain_recent();
        self.by_link.shrink_to_fit();
    }

    fn wait(&self, until: &NotUntil<<DefaultClock as Clock>::Instant>) -> u64 {
        metrics::counter!("shortener_attempts_throttled_total").increment(1);
        until.wait_time_from(self.clock.now()).as_secs() + 1
    }
}

fn quota((burst, period): (NonZeroU32, Duration)) -> Quota {
    // A period of zero is the only one refused; then one a second.
    let quota = Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MIN));
    quota.allow_burst(burst)
}

/// The part of an address that its owner cannot change at will.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let mask = u128::MAX << (128 - IPV6_NETWORK_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Ids;
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn one_client_has_five_attempts_for_a_link() {
        let (throttle, ids) = (Throttle::new(), Ids::system());
        let (link, other) = (ids.next(), ids.next());
        let here = Some(IpAddr::from([192, 0, 2, 1]));
        for _ in 0..5 {
            assert_eq!(throttle.charge(link, here), Ok(()));
        }
        let wait = throttle.charge(link, here).unwrap_err();
        assert!((350..=361).contains(&wait), "{wait}");
        assert_eq!(
            throttle.charge(link, Some(IpAddr::from([192, 0, 2, 2]))),
            Ok(())
        );
        assert_eq!(throttle.charge(other, here), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_turned_away_waits_and_not_too_many_do() {
        let (throttle, ids) = (Throttle::new(), Ids::system());
        let (link, here) = (ids.next(), Some(IpAddr::from([192, 0, 2, 1])));
        let started = Instant::now();
        for _ in 0..5 {
            assert_eq!(throttle.admit(link, here).await, Ok(()));
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert!(throttle.admit(link, here).await.is_err());
        assert_eq!(started.elapsed(), HOLD);
        let places = throttle.held.try_acquire_many(1_000).unwrap();
        assert!(throttle.admit(link, here).await.is_err());
        assert_eq!(started.elapsed(), HOLD, "there is no room to wait");
        drop(places);
    }

    #[test]
    fn all_clients_together_have_sixty() {
        let (throttle, link) = (Throttle::new(), Ids::system().next());
        let client = |n: u8| Some(IpAddr::from([192, 0, 2, n]));
        assert!((0..60).all(|n| throttle.charge(link, client(n)).is_ok()));
        assert!(throttle.charge(link, client(60)).is_err());
    }

    #[test]
    fn one_client_has_sixty_attempts_for_all_links() {
        let (throttle, ids) = (Throttle::new(), Ids::system());
        let here = Some(IpAddr::from([192, 0, 2, 1]));
        assert!((0..60).all(|_| throttle.charge(ids.next(), here).is_ok()));
        assert!(throttle.charge(ids.next(), here).is_err());
        assert!(throttle.charge(ids.next(), None).is_ok());
    }

    #[test]
    fn clients_are_forgotten_and_their_number_has_an_end() {
        let throttle = Throttle::new();
        let link = Ids::system().next();
        for n in 0..u32::try_from(MAX_CLIENTS).unwrap() + 10 {
            let _ = throttle.charge(link, Some(IpAddr::from(n.to_be_bytes())));
        }
        assert_eq!(throttle.by_client.len(), MAX_CLIENTS);
        assert!(
            throttle.charge(link, None).is_err(),
            "the link's own limit holds"
        );
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        let (throttle, link) = (Throttle::new(), Ids::system().next());
        let client = |n: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 1, n, 0, 0, 1]));
        assert!((0..5).all(|n| throttle.charge(link, client(n)).is_ok()));
        assert!(throttle.charge(link, client(5)).is_err());
    }
}
