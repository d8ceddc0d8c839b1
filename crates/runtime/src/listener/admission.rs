//! Caps on open connections, in all and per client address. Beyond them a connection is closed unanswered:
//! an answer would cost what the cap is there to save.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use super::Limits;

/// Counts what is open.
#[derive(Clone)]
pub(super) struct Admission {
    limits: Limits,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Admission {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            open: Arc::default(),
        }
    }

    /// Counts one more connection, unless that is too many.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<Permit> {
        let key = network(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = open.by_address.get(&key).copied().unwrap_or_default();
        let full = open.all >= self.limits.connections;
        let greedy = self
            .limits
            .per_address
            .is_some_and(|most| of_address >= most);
        if full || greedy {
            let reason = if full { "total" } else { "address" };
            metrics::counter!("http_connections_refused_total", "limit" => reason).increment(1);
            return None;
        }
        open.all += 1;
        open.by_address.insert(key, of_address + 1);
        Some(Permit {
            key,
            open: Arc::clone(&self.open),
        })
    }
}

/// One counted connection.
pub(super) struct Permit {
    key: IpAddr,
    open: Arc<Mutex<Open>>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        if let Some(count) = open.by_address.get_mut(&self.key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.by_address.remove(&self.key);
            }
        }
    }
}

/// A home or a phone owns a whole IPv6 /64, so that is what counts as one address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_every_connection() {
        let admission = Admission::new(Limits {
            connections: 3,
            per_address: Some(2),
            ..Limits::default()
        });
        let first = "2001:db8::1".parse().unwrap();
        let neighbour = "2001:db8::2".parse().unwrap();
        let other = "192.0.2.1".parse().unwrap();
        let kept = admission.admit(first).unwrap();
        let gone = admission.admit(neighbour).unwrap();
        assert!(admission.admit(first).is_none());
        let _third = admission.admit(other).unwrap();
        assert!(admission.admit("192.0.2.2".parse().unwrap()).is_none());
        drop(gone);
        assert!(admission.admit(first).is_some());
        drop(kept);
        assert_eq!(admission.open.lock().unwrap().by_address.len(), 1);
    }
}
