//! A guest's session: a signed cookie good for one link, checked against the link's row on every
//! request.
//!
//! It names link, organization, thing and password version, so that taking back the link or changing
//! its password ends it at once. Guests cannot be told apart by it: nothing is stored.

use axum_extra::extract::cookie::CookieJar;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use kernel::LinkId;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::code::Address;
use crate::entity::link;

/// A guest who comes back tomorrow opens the link anew.
const MAX_LIFE: TimeDelta = TimeDelta::hours(12);
/// Keeps this use of the secret apart from others.
const PURPOSE: &[u8] = b"guest session v1";
const MAC_BYTES: usize = 32;
const EXPIRY_BYTES: usize = 8;

/// Issues and checks guests' cookies.
#[derive(Clone)]
pub(crate) struct Sessions {
    key: Hmac<Sha256>,
    secure: bool,
}

impl Sessions {
    /// `secure` where clients speak https.
    pub(crate) fn new(secret: &SecretString, secure: bool) -> anyhow::Result<Self> {
        let mut key = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())?;
        key.update(PURPOSE);
        Ok(Self { key, secure })
    }

    /// `Set-Cookie` for a guest who was let in (RFC 6265 §4.1). The path keeps it out of all other
    /// requests to the organization's host.
    pub(super) fn issue(
        &self,
        link: &link::Model,
        address: &Address,
        now: DateTime<Utc>,
    ) -> String {
        let latest = now + MAX_LIFE;
        let end = link.expires_at.map_or(latest, |end| end.min(latest));
        let mut token = end.timestamp().to_be_bytes().to_vec();
        token.extend(self.mac(link, end.timestamp()).finalize().into_bytes());
        let (name, path) = (self.name(link.id), address.path());
        let token = URL_SAFE_NO_PAD.encode(token);
        let seconds = (end - now).num_seconds().max(0);
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={token}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    /// Whether the request comes from a guest who was let in, and still may be.
    pub(super) fn admits(
        &self,
        headers: &HeaderMap,
        link: &link::Model,
        now: DateTime<Utc>,
    ) -> bool {
        let jar = CookieJar::from_headers(headers);
        let Some(cookie) = jar.get(&self.name(link.id)) else {
            return false;
        };
        let token = URL_SAFE_NO_PAD.decode(cookie.value()).unwrap_or_default();
        let Some((end, mac)) = token.split_first_chunk::<EXPIRY_BYTES>() else {
            return false;
        };
        let end = i64::from_be_bytes(*end);
        let genuine = mac.len() == MAC_BYTES && self.mac(link, end).verify_slice(mac).is_ok();
        genuine && end > now.timestamp()
    }

    /// Over all that the session depends on, read from the row as it is now.
    fn mac(&self, link: &link::Model, end: i64) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(link.id.uuid().as_bytes());
        mac.update(link.tenant_id.uuid().as_bytes());
        mac.update(link.resource_id.as_bytes());
        mac.update(&link.password_version.to_be_bytes());
        mac.update(&end.to_be_bytes());
        mac
    }

    fn name(&self, link: LinkId) -> String {
        // The random half of a UUIDv7: short, and unlike that of other links in one browser.
        let (_, low) = link.uuid().as_u64_pair();
        let prefix = if self.secure { "__Secure-" } else { "" };
        format!("{prefix}sl_{low:016x}")
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use http::header::COOKIE;

    use super::*;
    use crate::code::Code;
    use crate::links::model::tests::sample;

    fn sessions(secure: bool) -> Sessions {
        Sessions::new(&"a cookie secret that is long enough".into(), secure).unwrap()
    }

    fn address() -> Address {
        Address::Code(Code::generate())
    }

    fn sent_back(set_cookie: &str) -> HeaderMap {
        let pair = set_cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, pair.parse().unwrap())])
    }

    #[test]
    fn session_ends_with_its_time_its_link_and_its_password() {
        let (sessions, code, now) = (sessions(false), address(), Utc.timestamp_nanos(0));
        let mut link = sample(now);
        let cookie = sent_back(&sessions.issue(&link, &code, now));
        assert!(sessions.admits(&cookie, &link, now));
        assert!(!sessions.admits(&cookie, &link, now + MAX_LIFE));
        assert!(!sessions.admits(&HeaderMap::new(), &link, now));

        let mut other = sample(now);
        other.id = link.id;
        assert!(
            !sessions.admits(&cookie, &other, now),
            "another organization"
        );
        link.password_version += 1;
        assert!(!sessions.admits(&cookie, &link, now), "another password");
    }

    #[test]
    fn cookie_is_bound_to_the_page_and_ends_with_the_link() {
        let (code, now) = (address(), Utc.timestamp_nanos(0));
        let mut link = sample(now);
        link.expires_at = Some(now + TimeDelta::minutes(5));
        let cookie = sessions(true).issue(&link, &code, now);
        assert!(cookie.starts_with("__Secure-sl_"), "{cookie}");
        let attributes = format!(
            "; Path={}; Max-Age=300; HttpOnly; SameSite=Lax; Secure",
            code.path()
        );
        assert!(cookie.ends_with(&attributes), "{cookie}");
    }

    #[test]
    fn forged_cookies_are_refused() {
        let (sessions, now) = (sessions(false), Utc.timestamp_nanos(0));
        let link = sample(now);
        let name = sessions.name(link.id);
        let mut token = i64::MAX.to_be_bytes().to_vec();
        for _ in 0..=MAC_BYTES {
            let cookie = format!("{name}={}", URL_SAFE_NO_PAD.encode(&token));
            assert!(!sessions.admits(&sent_back(&cookie), &link, now));
            token.push(0);
        }
        assert!(!sessions.admits(&sent_back(&format!("{name}=%%%")), &link, now));
    }
}
