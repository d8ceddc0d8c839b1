//! Whose request it is before anybody is signed in: the peer's address, or what a proxy of ours says. What the
//! client itself writes into `X-Forwarded-For` stands left of what the proxies add, so the list is read from
//! the right (tower_governor's own `SmartIpKeyExtractor` takes the left-most entry, which anybody can forge).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderName, Request};
use ipnet::IpNet;
use tower_governor::GovernorError;
use tower_governor::key_extractor::KeyExtractor;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Finds a request's client address; as a key, an IPv6 address stands for its /64.
#[derive(Debug, Clone)]
pub struct ClientAddress {
    trusted: Arc<[IpNet]>,
}

impl ClientAddress {
    /// Trusts the proxies in these networks.
    pub fn new(trusted: &[IpNet]) -> Self {
        Self {
            trusted: trusted.into(),
        }
    }

    /// The address, if the listener told the peer.
    pub fn find(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(self.behind(peer.ip().to_canonical(), headers))
    }

    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let entries = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        for entry in entries {
            if !self.trusts(client) {
                break;
            }
            // Beyond an entry that is no address nothing can be believed.
            let Ok(address) = entry.trim().parse::<IpAddr>() else {
                break;
            };
            client = address.to_canonical();
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// What is counted as one client: a home or a phone owns a whole IPv6 /64.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

impl KeyExtractor for ClientAddress {
    type Key = IpAddr;

    fn name(&self) -> &'static str {
        "client address"
    }

    fn extract<T>(&self, request: &Request<T>) -> Result<IpAddr, GovernorError> {
        self.find(request.headers(), request.extensions())
            .map(network)
            .ok_or(GovernorError::UnableToExtractKey)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find(peer: &str, forwarded: &[&str]) -> String {
        let client =
            ClientAddress::new(&["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        client.behind(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_stranger_s_word_counts_for_nothing() {
        assert_eq!(find("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(find("192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn the_right_most_untrusted_entry_is_the_client() {
        for (forwarded, client) in [
            (vec!["203.0.113.9"], "203.0.113.9"),
            (vec!["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            (vec!["1.1.1.1, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
            (vec!["1.1.1.1", "203.0.113.9,10.0.0.7"], "203.0.113.9"),
            (vec!["1.1.1.1, garbage, 10.0.0.7"], "10.0.0.7"),
            (vec!["10.0.0.8, 10.0.0.7"], "10.0.0.8"),
            (vec![""], "10.0.0.1"),
            (vec!["2001:db8::5, fd00::1"], "2001:db8::5"),
            (vec!["::ffff:203.0.113.9"], "203.0.113.9"),
        ] {
            assert_eq!(find("10.0.0.1", &forwarded), client, "{forwarded:?}");
        }
    }

    #[test]
    fn neighbours_in_a_64_are_one_client() {
        let of = |address: &str| network(address.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    proptest! {
        #[test]
        fn what_a_client_writes_never_moves_it(written in "[0-9a-f:., ]{0,40}") {
            let line = format!("{written}, 203.0.113.9, 10.0.0.7");
            prop_assert_eq!(find("10.0.0.1", &[&line]), "203.0.113.9");
        }
    }
}
