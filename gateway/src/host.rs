//! Which organization a request is for: told by the one well-formed `Host` (or `:authority`) and nothing else.
//! hyper lets a request without, with two, or with a malformed Host pass; RFC 9112 §3.2 asks for 400.

use http::header::HOST;
use http::request::Parts;
use http::{HeaderValue, Version};
use kernel::Subdomain;

/// Longest name in DNS (RFC 1035 §2.3.4).
const NAME_BYTES: usize = 253;

/// Where a request goes by its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The domain itself: sign-up, documents, a page.
    Bare,
    /// An organization's host; whether there is such an organization is not known yet.
    Tenant(Subdomain),
}

/// Why a host leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostError {
    /// None, several, contradictory or not a host at all.
    Malformed,
    /// Well-formed, and not one of ours.
    Unknown,
}

/// The domain that clients see, without its port.
#[derive(Debug, Clone)]
pub struct Domain(String);

impl Domain {
    /// Takes `TENANTRY_DOMAIN`.
    pub fn new(domain: &str) -> Self {
        let name = domain.rsplit_once(':').map_or(domain, |(name, _port)| name);
        Self(name.to_ascii_lowercase())
    }

    /// Reads the host of a request.
    pub fn place(&self, request: &Parts) -> Result<Place, HostError> {
        self.place_of(named(request).ok_or(HostError::Malformed)?)
    }

    fn place_of(&self, host: &str) -> Result<Place, HostError> {
        let name = name_of(host)
            .ok_or(HostError::Malformed)?
            .to_ascii_lowercase();
        if name == self.0 {
            return Ok(Place::Bare);
        }
        let label = name
            .strip_suffix(self.0.as_str())
            .and_then(|rest| rest.strip_suffix('.'));
        label
            .and_then(Subdomain::of_host_label)
            .map(Place::Tenant)
            .ok_or(HostError::Unknown)
    }
}

/// The one host that the request names.
fn named(request: &Parts) -> Option<&str> {
    let mut headers = request.headers.get_all(HOST).iter();
    let header = headers.next();
    if headers.next().is_some() {
        return None;
    }
    let header = header.map(HeaderValue::to_str).transpose().ok()?;
    let authority = request.uri.authority().map(http::uri::Authority::as_str);
    match (authority, header) {
        (None, header) => header,
        (Some(authority), Some(header)) => authority.eq_ignore_ascii_case(header).then_some(header),
        (Some(authority), None) => (request.version == Version::HTTP_2).then_some(authority),
    }
}

/// The name in `name[:port]`; `None` when it is not of that form.
fn name_of(host: &str) -> Option<&str> {
    let (name, port) = match host.rsplit_once(':') {
        // The colons of an IPv6 literal are inside brackets.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    if let Some(port) = port
        && !(port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok())
    {
        return None;
    }
    if let Some(literal) = name.strip_prefix('[') {
        let address = literal.strip_suffix(']')?;
        return address
            .parse::<std::net::Ipv6Addr>()
            .is_ok()
            .then_some(name);
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let well_formed = name.len() <= NAME_BYTES
        && name
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(allowed));
    well_formed.then_some(name)
}

#[cfg(test)]
mod tests {
    use http::Request;
    use proptest::prelude::*;

    use super::*;

    fn place(host: &str) -> Result<Place, HostError> {
        Domain::new("pm.test:8080").place_of(host)
    }

    fn tenant(name: &str) -> Result<Place, HostError> {
        Ok(Place::Tenant(Subdomain::of_host_label(name).unwrap()))
    }

    #[test]
    fn one_organization_under_all_spellings_of_its_host() {
        for host in [
            "acme.pm.test",
            "ACME.pm.test",
            "acme.pm.test.",
            "acme.pm.test:8080",
            "Acme.PM.Test.:80",
        ] {
            assert_eq!(place(host), tenant("acme"), "{host}");
        }
        for host in ["pm.test", "PM.TEST:8080", "pm.test."] {
            assert_eq!(place(host), Ok(Place::Bare), "{host}");
        }
    }

    #[test]
    fn hosts_of_others_are_unknown() {
        let long = format!("{}.pm.test", "a".repeat(64));
        for host in [
            "a.acme.pm.test",
            "acme.pm.test.evil.com",
            "acme-pm.test",
            "acmepm.test",
            "xn--80ak6aa92e.pm.test",
            "127.0.0.1:8080",
            "[::1]:8080",
            "evil.com",
            &long,
        ] {
            assert_eq!(place(host), Err(HostError::Unknown), "{host}");
        }
    }

    #[test]
    fn what_is_not_a_host_is_malformed() {
        for host in [
            "",
            "a@b",
            "a/b",
            "acme.pm.test:99999",
            "acme.pm.test:",
            "acme.pm.test:+80",
            "acme..pm.test",
            ".pm.test",
            "acme.pm.test:80:80",
            "acme pm.test",
            "acme.pm.test\\",
            "[::1",
            "[x]",
            "ac%6de.pm.test",
        ] {
            assert_eq!(place(host), Err(HostError::Malformed), "{host}");
        }
    }

    fn parts(uri: &str, hosts: &[&str], version: Version) -> Parts {
        let mut request = Request::builder().uri(uri).version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn exactly_one_host_counts() {
        let domain = Domain::new("pm.test");
        let http11 = |uri, hosts: &[&str]| domain.place(&parts(uri, hosts, Version::HTTP_11));
        assert_eq!(http11("/", &["acme.pm.test"]), tenant("acme"));
        assert_eq!(http11("/", &[]), Err(HostError::Malformed));
        assert_eq!(
            http11("/", &["acme.pm.test", "acme.pm.test"]),
            Err(HostError::Malformed)
        );
        assert_eq!(
            http11("http://beta.pm.test/", &["acme.pm.test"]),
            Err(HostError::Malformed)
        );
        assert_eq!(
            http11("http://acme.pm.test/", &["acme.pm.test"]),
            tenant("acme")
        );
        assert_eq!(
            http11("http://acme.pm.test/", &[]),
            Err(HostError::Malformed)
        );
        let http2 = parts("http://acme.pm.test/", &[], Version::HTTP_2);
        assert_eq!(domain.place(&http2), tenant("acme"));
    }

    proptest! {
        #[test]
        fn no_host_outside_the_domain_is_ever_ours(host in "[ -~]{0,40}") {
            if place(&host).is_ok() {
                let name = host.split(':').next().unwrap().trim_end_matches('.').to_ascii_lowercase();
                prop_assert!(name == "pm.test" || name.ends_with(".pm.test"));
                prop_assert_eq!(name.matches('.').count(), if name == "pm.test" { 1 } else { 2 });
            }
        }
    }
}
