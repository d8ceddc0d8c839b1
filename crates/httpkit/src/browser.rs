//! How browsers carry a session: in cookies that scripts cannot read, and a token that other sites cannot know.
//!
//! The names begin with `__Host-`: a browser then keeps such a cookie for one host alone, and no other host of the domain
//! can set it (draft-ietf-httpbis-rfc6265bis §4.1.3.2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cookie::Cookie;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::header::COOKIE;
use kernel::SessionId;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The cookie with the access token.
pub const ACCESS_COOKIE: &str = "__Host-tenantry_access";
/// The cookie with the refresh token.
pub const REFRESH_COOKIE: &str = "__Host-tenantry_refresh";
/// The cookie with the token that unsafe requests repeat; scripts of the host may read it.
pub const CSRF_COOKIE: &str = "__Host-tenantry_csrf";
/// The cookie that ties a sign-in at a provider to the browser that began it.
pub const OAUTH_COOKIE: &str = "__Host-tenantry_oauth";
/// The header in which unsafe requests repeat [`CSRF_COOKIE`].
pub const CSRF_HEADER: &str = "x-csrf-token";
/// The header in which the gateway says that the client keeps its session in cookies.
pub const BROWSER_HEADER: &str = "x-tenantry-browser";

/// Keeps this use of the secret apart from others.
const PURPOSE: &[u8] = b"csrf v1";

/// Makes and checks CSRF tokens: the HMAC of a session's id under the secret that all services share.
#[derive(Clone)]
pub struct Csrf(Hmac<Sha256>);

impl Csrf {
    /// Takes the secret of all services.
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    pub fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let mut key = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
        key.update(PURPOSE);
        Self(key)
    }

    /// The token of a session.
    pub fn token(&self, session: SessionId) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(session).finalize().into_bytes())
    }

    /// Whether `given` is the token of the session; takes the same time for every wrong one.
    pub fn admits(&self, session: SessionId, given: &str) -> bool {
        let given = URL_SAFE_NO_PAD.decode(given).unwrap_or_default();
        self.mac(session).verify_slice(&given).is_ok()
    }

    fn mac(&self, session: SessionId) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(session.uuid().as_bytes());
        mac
    }
}

/// The value of a cookie; none when it is there twice, since nobody knows which one counts.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = cookies(headers)
        .filter(|cookie| cookie.name() == name)
        .filter_map(|cookie| cookie.value_raw());
    values.next().filter(|_| values.next().is_none())
}

/// Every cookie of a request.
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let fields = headers.get_all(COOKIE).iter();
    let fields = fields.filter_map(|field| field.to_str().ok());
    fields.flat_map(Cookie::split_parse).filter_map(Result::ok)
}

#[cfg(test)]
mod tests {
    use kernel::Ids;

    use super::*;

    #[test]
    fn token_is_good_for_its_own_session_and_secret() {
        let csrf = Csrf::new(&"a secret that is long enough to be one".into());
        let session = Ids::system().next();
        let token = csrf.token(session);
        assert!(csrf.admits(session, &token));
        assert!(!csrf.admits(Ids::system().next(), &token));
        let other = Csrf::new(&"another secret that is long enough".into());
        assert!(!other.admits(session, &token));
        for bad in ["", "AAAA", &format!("{token}A")] {
            assert!(!csrf.admits(session, bad), "{bad}");
        }
    }

    #[test]
    fn cookie_counts_once() {
        let of = |fields: &[&str]| {
            let fields = fields.iter().map(|field| (COOKIE, field.parse().unwrap()));
            let headers: HeaderMap = fields.collect();
            cookie(&headers, "a").map(str::to_owned)
        };
        assert_eq!(of(&["b=2; a=1"]).as_deref(), Some("1"));
        assert_eq!(of(&["b=2", "a=1"]).as_deref(), Some("1"));
        assert_eq!(of(&["a=1; a=2"]), None);
        assert_eq!(of(&["a=1", "a=1"]), None);
        assert_eq!(of(&["ab=1; =a; a"]), None);
    }
}
