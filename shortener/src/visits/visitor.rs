//! What is told about a visit: class of device, machine or person, where it came from, and a hash
//! that tells visitors apart for a day. The address and the user agent go no further than here.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use events::topic::link::Device;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::header::{REFERER, USER_AGENT};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use url::Url;

/// Keeps this use of the secret apart from others.
const PURPOSE: &[u8] = b"visitor v1";
/// 96 bits tell any number of visitors of a day apart.
const HASH_BYTES: usize = 12;
/// Parts of the user agents of machines that fetch pages to preview or index them.
const MACHINES: [&str; 16] = [
    "bot",
    "crawl",
    "spider",
    "preview",
    "slurp",
    "facebookexternalhit",
    "whatsapp",
    "skypeuripreview",
    "embedly",
    "vkshare",
    "bitlybot",
    "pinterest",
    "quora link",
    "outbrain",
    "headless",
    "monitor",
];

/// Makes visitors' hashes.
#[derive(Clone)]
pub(crate) struct Visitors {
    key: Hmac<Sha256>,
}

/// A visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Visit {
    pub(super) device: Device,
    pub(super) bot: bool,
    pub(super) visitor: String,
    pub(super) referrer: Option<String>,
}

impl Visitors {
    pub(crate) fn new(secret: &SecretString) -> anyhow::Result<Self> {
        let mut key = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())?;
        key.update(PURPOSE);
        Ok(Self { key })
    }

    /// What may be told about this request.
    pub(super) fn visit(
        &self,
        headers: &HeaderMap,
        client: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Visit {
        let agent = text(headers, USER_AGENT.as_str());
        Visit {
            device: device(&agent),
            bot: is_machine(headers),
            visitor: self.hash(&agent, client, now),
            referrer: referrer(headers),
        }
    }

    fn hash(&self, agent: &str, client: Option<IpAddr>, now: DateTime<Utc>) -> String {
        let mut mac = self.key.clone();
        let client = client
            .map(|address| address.to_string())
            .unwrap_or_default();
        for part in [now.date_naive().to_string(), client, agent.to_owned()] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        let hash = mac.finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(hash.get(..HASH_BYTES).unwrap_or_default())
    }
}

/// Whether nobody looks at the answer: a link that may be opened once must survive its preview.
pub(super) fn is_machine(headers: &HeaderMap) -> bool {
    let agent = text(headers, USER_AGENT.as_str()).to_ascii_lowercase();
    let ahead = ["sec-purpose", "purpose", "x-moz"];
    let ahead = ahead
        .iter()
        .any(|name| text(headers, name).contains("prefetch"));
    ahead || MACHINES.iter().any(|machine| agent.contains(machine))
}

fn device(agent: &str) -> Device {
    let has = |part: &str| agent.contains(part);
    if has("iPad") || has("Tablet") || (has("Android") && !has("Mobile")) {
        Device::Tablet
    } else if has("Mobile") || has("iPhone") {
        Device::Mobile
    } else if has("Windows") || has("Macintosh") || has("X11") || has("CrOS") {
        Device::Desktop
    } else {
        Device::Other
    }
}

/// The host alone: the rest of an address may be private.
fn referrer(headers: &HeaderMap) -> Option<String> {
    let url = Url::parse(&text(headers, REFERER.as_str())).ok()?;
    url.host_str().map(str::to_owned)
}

fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn visitor_is_the_same_for_a_day_and_unlike_others() {
        let visitors = Visitors::new(&"a secret".into()).unwrap();
        let (now, here) = (DateTime::UNIX_EPOCH, Some(IpAddr::from([192, 0, 2, 1])));
        let visitor = |client, now| {
            visitors
                .visit(&headers(&[("user-agent", PHONE)]), client, now)
                .visitor
        };
        assert_eq!(
            visitor(here, now),
            visitor(here, now + TimeDelta::hours(23))
        );
        assert_ne!(
            visitor(here, now),
            visitor(here, now + TimeDelta::hours(24))
        );
        assert_ne!(visitor(here, now), visitor(None, now));
    }

    #[test]
    fn devices_machines_and_referrers_are_told_apart() {
        let visitors = Visitors::new(&"a secret".into()).unwrap();
        let visit = |pairs: &[_]| visitors.visit(&headers(pairs), None, DateTime::UNIX_EPOCH);
        let phone = visit(&[
            ("user-agent", PHONE),
            ("referer", "https://chat.test/room/7?a=b"),
        ]);
        assert_eq!((phone.device, phone.bot), (Device::Mobile, false));
        assert_eq!(phone.referrer.as_deref(), Some("chat.test"));
        assert!(visit(&[("user-agent", "Slackbot-LinkExpanding 1.0")]).bot);
        assert!(visit(&[("user-agent", PHONE), ("sec-purpose", "prefetch;prerender")]).bot);
        let desk = visit(&[("user-agent", "Mozilla/5.0 (X11; Linux x86_64)")]);
        assert_eq!(
            (desk.device, desk.bot, desk.referrer),
            (Device::Desktop, false, None)
        );
    }
}
