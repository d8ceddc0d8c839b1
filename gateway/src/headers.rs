//! What may pass the door, in both directions. Headers that name the caller inside are ours alone to set;
//! headers that describe one connection end with it (RFC 9110 §7.6.1).

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, COOKIE, EXPECT, FORWARDED, HOST,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SERVER, STRICT_TRANSPORT_SECURITY, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use runtime::Scheme;

/// Beginnings of header names by which programs tell each other who and where the client is.
const IDENTITY_PREFIXES: [&str; 3] = ["x-tenantry-", "x-forwarded-", "x-original-"];

/// The same, whole names; and those that would change what a request means after it was checked.
const IDENTITY_NAMES: [&str; 9] = [
    "x-real-ip",
    "x-host",
    "x-request-id",
    "x-client-ip",
    "x-rewrite-url",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "traceparent",
];

/// Why a request's headers are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderError {
    /// `Connection` names a header that must reach the service.
    StripsNeeded,
    /// More than one way to find the body's end.
    AmbiguousLength,
    /// A compressed body: nobody unpacks what strangers send.
    Encoded,
    /// A header that counts once came twice.
    Repeated,
}

/// Refuses requests that would be read in two ways.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), HeaderError> {
    let count = |name: HeaderName| headers.get_all(name).iter().count();
    if connection_names(headers).any(|name| needed(&name)) {
        return Err(HeaderError::StripsNeeded);
    }
    let chunked = headers.get(TRANSFER_ENCODING);
    let odd = chunked.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"chunked"));
    if odd || count(TRANSFER_ENCODING) + count(CONTENT_LENGTH) > 1 {
        return Err(HeaderError::AmbiguousLength);
    }
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err(HeaderError::Encoded);
    }
    if count(AUTHORIZATION) > 1 {
        return Err(HeaderError::Repeated);
    }
    Ok(())
}

/// Takes out what a client may not say to a service.
pub(crate) fn strip_request(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = connection_names(headers).collect();
    let gone: Vec<HeaderName> = headers
        .keys()
        .filter(|name| ends_here(name) || is_identity(name))
        .cloned()
        .collect();
    for name in named.iter().chain(&gone) {
        headers.remove(name);
    }
    for name in [HOST, FORWARDED, EXPECT] {
        headers.remove(name);
    }
    join_cookies(headers);
}

/// HTTP/2 may send each cookie in a field of its own, HTTP/1.1 may not (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let crumbs: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if crumbs.len() > 1
        && let Ok(cookie) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]))
    {
        headers.insert(COOKIE, cookie);
    }
}

/// Takes out what a service may not say to a client.
pub(crate) fn strip_response(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = connection_names(headers).collect();
    let inside = |name: &HeaderName| name.as_str().starts_with("x-tenantry-");
    let gone: Vec<HeaderName> = headers
        .keys()
        .filter(|name| ends_here(name) || inside(name))
        .cloned()
        .collect();
    for name in named.iter().chain(&gone).chain(&[SERVER]) {
        headers.remove(name);
    }
}

/// What every answer carries unless its service said otherwise. The policy fits an API: nothing in an answer
/// is ever run.
const SECURITY: [(HeaderName, HeaderValue); 5] = [
    (
        http::header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        http::header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        http::header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        http::header::CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Only where clients come by TLS: it is not to be said over plain HTTP (RFC 6797 §7.2).
const STRICT_TRANSPORT: HeaderValue =
    HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Adds the security headers that are missing.
pub(crate) fn secure(headers: &mut HeaderMap, scheme: Scheme) {
    headers.reserve(SECURITY.len() + 6);
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(value);
    }
    match scheme {
        Scheme::Https => drop(headers.insert(STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT)),
        Scheme::Http => drop(headers.remove(STRICT_TRANSPORT_SECURITY)),
    }
}

/// The headers that `Connection` names.
fn connection_names(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> + '_ {
    let values = headers.get_all(CONNECTION).iter();
    let names = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    // The two usual words are no headers.
    let names = names.map(str::trim).filter(|name| {
        !name.eq_ignore_ascii_case("keep-alive") && !name.eq_ignore_ascii_case("close")
    });
    names.filter_map(|name| name.parse().ok())
}

fn needed(name: &HeaderName) -> bool {
    [AUTHORIZATION, COOKIE, HOST, CONTENT_LENGTH].contains(name)
}

/// Headers of one connection.
fn ends_here(name: &HeaderName) -> bool {
    [
        CONNECTION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
        PROXY_AUTHORIZATION,
        PROXY_AUTHENTICATE,
    ]
    .contains(name)
        || matches!(
            name.as_str(),
            "keep-alive" | "proxy-connection" | "http2-settings"
        )
}

/// Headers that say who calls. Some programs take `_` for `-`, so such names do not pass at all.
fn is_identity(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.contains('_')
        || IDENTITY_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
        || IDENTITY_NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        headers
    }

    fn left(lines: &[(&str, &str)]) -> Vec<String> {
        let mut headers = headers(lines);
        strip_request(&mut headers);
        let mut names: Vec<String> = headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    }

    #[test]
    fn a_client_cannot_say_who_it_is() {
        for name in [
            "x-tenantry-tenant",
            "X-Tenantry-Service",
            "x-tenantry-anything",
            "x_tenantry_tenant",
            "x-forwarded-for",
            "x-forwarded-host",
            "forwarded",
            "x-real-ip",
            "x-original-url",
            "x-original-host",
            "x-host",
            "x-request-id",
            "traceparent",
            "x-http-method-override",
            "host",
            "x_user_id",
        ] {
            assert!(left(&[(name, "a"), (name, "b")]).is_empty(), "{name}");
        }
        let kept = [
            ("accept", "*/*"),
            ("authorization", "Bearer t"),
            ("cookie", "a=b"),
            ("if-match", "\"1\""),
        ];
        assert_eq!(
            left(&kept),
            ["accept", "authorization", "cookie", "if-match"]
        );
    }

    #[test]
    fn headers_of_the_connection_end_at_the_door() {
        let lines = [
            ("connection", "keep-alive, x-secret"),
            ("x-secret", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("http2-settings", "AA"),
            ("proxy-authorization", "x"),
            ("transfer-encoding", "chunked"),
        ];
        assert!(left(&lines).is_empty());
        let mut answer = headers(&[
            ("connection", "x-a"),
            ("x-a", "1"),
            ("server", "s"),
            ("content-type", "text/html"),
        ]);
        strip_response(&mut answer);
        assert_eq!(answer.len(), 1);
    }

    #[test]
    fn cookies_arrive_in_one_field() {
        let mut crumbs = headers(&[("cookie", "a=1"), ("cookie", "b=2")]);
        strip_request(&mut crumbs);
        let cookies: Vec<_> = crumbs.get_all(COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; b=2"]);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let refused = |lines: &[(&str, &str)]| check(&headers(lines)).err();
        for name in ["Authorization", "cookie", "HOST", "content-length"] {
            assert_eq!(
                refused(&[("connection", &format!("close, {name}"))]),
                Some(HeaderError::StripsNeeded)
            );
        }
        assert_eq!(
            refused(&[("content-length", "1"), ("transfer-encoding", "chunked")]),
            Some(HeaderError::AmbiguousLength)
        );
        assert_eq!(
            refused(&[("transfer-encoding", "identity, chunked")]),
            Some(HeaderError::AmbiguousLength)
        );
        assert_eq!(
            refused(&[
                ("transfer-encoding", "chunked"),
                ("transfer-encoding", "chunked")
            ]),
            Some(HeaderError::AmbiguousLength)
        );
        assert_eq!(
            refused(&[("content-encoding", "gzip")]),
            Some(HeaderError::Encoded)
        );
        assert_eq!(
            refused(&[("authorization", "a"), ("authorization", "b")]),
            Some(HeaderError::Repeated)
        );
        assert_eq!(
            refused(&[("connection", "keep-alive"), ("content-length", "3")]),
            None
        );
    }

    #[test]
    fn a_service_may_set_its_own_policy() {
        let mut answer = headers(&[("content-security-policy", "default-src 'self'")]);
        secure(&mut answer, Scheme::Http);
        assert_eq!(answer["content-security-policy"], "default-src 'self'");
        assert_eq!(answer["x-content-type-options"], "nosniff");
    }

    #[test]
    fn strict_transport_is_asked_for_over_tls_alone() {
        let told = |scheme| {
            let mut answer = HeaderMap::new();
            secure(&mut answer, scheme);
            answer.remove("strict-transport-security")
        };
        assert_eq!(told(Scheme::Https), Some(STRICT_TRANSPORT));
        assert_eq!(told(Scheme::Http), None);
    }

    proptest! {
        #[test]
        fn no_name_of_ours_survives(tail in "[a-z0-9-]{0,12}") {
            for prefix in IDENTITY_PREFIXES {
                let name = format!("{prefix}{tail}");
                prop_assert!(left(&[(&name, "x")]).is_empty());
            }
        }
    }
}
