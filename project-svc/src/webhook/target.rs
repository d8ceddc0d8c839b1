//! Which addresses can be told events.

use httpkit::{FieldError, Problem};
use url::{Host, Url};

use super::Webhooks;

/// Longest address, in bytes, also as it is written in the end.
pub(super) const MAX_URL_BYTES: usize = 2_048;

/// Below this, ports are those of well-known services; of them HTTP's alone are called.
const FIRST_FREE_PORT: u16 = 1024;
/// Ports of databases, brokers and others that have no business with a request of ours.
const REFUSED_PORTS: [u16; 16] = [
    1433, 1521, 2049, 2375, 2379, 3306, 4369, 5432, 5672, 6000, 6379, 6443, 9200, 10250, 11211,
    27017,
];

/// The address as it is kept; 422 for one that nothing is sent to. What its name stands for is judged at every attempt.
pub(super) fn check(webhooks: &Webhooks, text: &str) -> Result<Url, Problem> {
    let refused = |detail: &str| {
        Problem::validation(vec![FieldError::new("/url", "address_refused", detail)])
    };
    let url: Url = text
        .parse()
        .map_err(|_no_url| Problem::field("/url", "invalid", "is no address"))?;
    if url.as_str().len() > MAX_URL_BYTES {
        return Err(Problem::field(
            "/url",
            "too_long",
            "is longer than 2,048 bytes",
        ));
    }
    if url.fragment().is_some() {
        return Err(refused("has a part behind `#`, which is never sent"));
    }
    if !webhooks.outbound.may_call(&url) {
        return Err(refused(
            "must be https, at a public address, without user and password",
        ));
    }
    if is_within(&url, &webhooks.domain) {
        return Err(refused("is an address of this system itself"));
    }
    if !webhooks.outbound.is_own(&url) && !may_have_port(&url) {
        return Err(refused("has a port of another kind of service"));
    }
    Ok(url)
}

/// The host of `host:port`.
pub(super) fn without_port(domain: &str) -> &str {
    domain.split_once(':').map_or(domain, |(host, _)| host)
}

fn is_within(url: &Url, domain: &str) -> bool {
    let Some(Host::Domain(host)) = url.host() else {
        return false;
    };
    let host = host.trim_end_matches('.');
    let subdomain = host.strip_suffix(domain);
    subdomain.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn may_have_port(url: &Url) -> bool {
    match url.port_or_known_default() {
        Some(80 | 443) => true,
        Some(port) => port >= FIRST_FREE_PORT && !REFUSED_PORTS.contains(&port),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use httpkit::outbound::Outbound;
    use kernel::SealKey;

    use super::*;
    use crate::jobs::webhooks::Due;

    fn webhooks(own: &[&str]) -> Webhooks {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let own: Vec<_> = own.iter().map(|network| network.parse().unwrap()).collect();
        let key = SealKey::parse("k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        Webhooks {
            outbound: Outbound::new(&own, Duration::from_secs(1)).unwrap(),
            seal: key.into(),
            domain: without_port("tenantry.example:8443").to_owned(),
            due: Due::default(),
        }
    }

    #[test]
    fn addresses_outside_are_told_and_no_others() {
        let webhooks = webhooks(&[]);
        for good in [
            "https://example.com/hooks?a=b",
            "https://example.com:8443/",
            "https://nottenantry.example/",
            "https://8.8.8.8/",
        ] {
            assert!(check(&webhooks, good).is_ok(), "{good}");
        }
        for bad in [
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "https://user@example.com/",
            "https://example.com/#part",
            "https://example.com:25/",
            "https://example.com:22/",
            "https://example.com:5432/",
            "https://example.com:5672/",
            "https://tenantry.example/",
            "https://acme.tenantry.example/",
            "https://ACME.tenantry.example./",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://169.254.169.254/",
            "https://",
            "example.com",
            "",
        ] {
            assert_eq!(check(&webhooks, bad).unwrap_err().status(), 422, "{bad}");
        }
        let long = format!("https://example.com/{}", "é".repeat(700));
        assert_eq!(check(&webhooks, &long).unwrap_err().status(), 422);
    }

    #[test]
    fn networks_of_the_operators_own_take_any_port_and_need_no_tls() {
        let webhooks = webhooks(&["127.0.0.0/8"]);
        assert!(check(&webhooks, "http://127.0.0.1:5432/").is_ok());
        assert!(check(&webhooks, "http://10.0.0.1/").is_err());
        assert!(check(&webhooks, "http://localhost/").is_err());
    }
}
