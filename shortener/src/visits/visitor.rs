//! What is told about a visit: class of device, machine or person, where it came from, and a hash
//! that tells visitors apart for a day. The address and the user agent go no further than here.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, Utc};
use events::topic::link::Device;
use hmac::{Hmac, KeyInit, Mac};
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue};
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use url::Url;

use super::Seen;

/// Keeps this use of the secret apart from others.
const PURPOSE: &[u8] = b"visitor v1";
/// 96 bits tell any number of visitors of a day apart.
const HASH_BYTES: usize = 12;
/// User agents remembered, and the longest that is.
const AGENTS: u64 = 10_000;
const AGENT_BYTES: usize = 512;
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

/// What may be told about a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) device: Device,
    pub(super) visitor: String,
    pub(super) referrer: Option<String>,
}

impl Visitors {
    pub(crate) fn new(secret: &SecretString) -> anyhow::Result<Self> {
        let mut key = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())?;
        key.update(PURPOSE);
        Ok(Self { key })
    }

    /// What may be told about a visit.
    pub(super) fn visit(&self, seen: &Seen) -> Known {
        let agent = text(seen.agent.as_ref());
        Known {
            device: device(agent),
            visitor: self.hash(agent, seen.client, seen.at),
            referrer: referrer(text(seen.referrer.as_ref())),
        }
    }

    fn hash(&self, agent: &str, client: Option<IpAddr>, now: DateTime<Utc>) -> String {
        let mut mac = self.key.clone();
        mac.update(&now.date_naive().num_days_from_ce().to_be_bytes());
        match client {
            Some(IpAddr::V4(client)) => mac.update(&client.octets()),
            Some(IpAddr::V6(client)) => mac.update(&client.octets()),
            None => {}
        }
        mac.update(&[0]);
        mac.update(agent.as_bytes());
        let hash = mac.finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(hash.get(..HASH_BYTES).unwrap_or_default())
    }
}

/// Tells machines from people, and remembers user agents that came lately: there are few, and they are long.
#[derive(Clone)]
pub(crate) struct Agents(Cache<HeaderValue, bool>);

impl Default for Agents {
    fn default() -> Self {
        Self(Cache::new(AGENTS))
    }
}

impl Agents {
    /// Whether nobody looks at the answer: a link that may be opened once must survive its preview.
    pub(crate) fn is_machine(&self, headers: &HeaderMap) -> bool {
        let ahead = ["sec-purpose", "purpose", "x-moz"].iter();
        if ahead
            .map(|name| text(headers.get(*name)))
            .any(|value| value.contains("prefetch"))
        {
            return true;
        }
        let Some(agent) = headers.get(USER_AGENT) else {
            return false;
        };
        if let Some(known) = self.0.get(agent) {
            return known;
        }
        let lower = text(Some(agent)).to_ascii_lowercase();
        let machine = MACHINES.iter().any(|machine| lower.contains(machine));
        if agent.len() <= AGENT_BYTES {
            // Not a part of the request's buffer, which would stay with it.
            if let Ok(own) = HeaderValue::from_bytes(agent.as_bytes()) {
                self.0.insert(own, machine);
            }
        }
        machine
    }
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
fn referrer(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    url.host_str().map(str::to_owned)
}

fn text(value: Option<&HeaderValue>) -> &str {
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::TimeDelta;
    use http::HeaderName;

    use super::*;
    use crate::links::model::tests::sample;

    const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148";

    fn seen(agent: &'static str, client: Option<IpAddr>, at: DateTime<Utc>) -> Seen {
        Seen {
            at,
            link: Arc::new(sample(at)),
            client,
            agent: Some(HeaderValue::from_static(agent)),
            referrer: None,
            bot: false,
            uncounted: true,
            traceparent: None,
        }
    }

    #[test]
    fn visitor_is_the_same_for_a_day_and_unlike_others() {
        let visitors = Visitors::new(&"a secret".into()).unwrap();
        let (now, here) = (DateTime::UNIX_EPOCH, Some(IpAddr::from([192, 0, 2, 1])));
        let visitor = |agent, client, now| visitors.visit(&seen(agent, client, now)).visitor;
        let first = visitor(PHONE, here, now);
        assert_eq!(first, visitor(PHONE, here, now + TimeDelta::hours(23)));
        assert_ne!(first, visitor(PHONE, here, now + TimeDelta::hours(24)));
        assert_ne!(first, visitor(PHONE, None, now));
        assert_ne!(first, visitor("curl/8", here, now));
    }

    #[test]
    fn devices_and_referrers_are_told_apart() {
        let visitors = Visitors::new(&"a secret".into()).unwrap();
        let mut phone = seen(PHONE, None, DateTime::UNIX_EPOCH);
        phone.referrer = Some(HeaderValue::from_static("https://chat.test/room/7?a=b"));
        let phone = visitors.visit(&phone);
        assert_eq!(phone.device, Device::Mobile);
        assert_eq!(phone.referrer.as_deref(), Some("chat.test"));
        let desk = seen(
            "Mozilla/5.0 (X11; Linux x86_64)",
            None,
            DateTime::UNIX_EPOCH,
        );
        let desk = visitors.visit(&desk);
        assert_eq!((desk.device, desk.referrer), (Device::Desktop, None));
    }

    #[test]
    fn machines_are_told_from_people() {
        let agents = Agents::default();
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter();
            HeaderMap::from_iter(pairs.map(|(name, value)| {
                (
                    name.parse::<HeaderName>().unwrap(),
                    HeaderValue::from_static(value),
                )
            }))
        };
        // Twice: what is remembered is the same as what was found out.
        for _ in 0..2 {
            for agent in [
                "Slackbot-LinkExpanding 1.0",
                "WhatsApp/2.24",
                "Googlebot/2.1",
            ] {
                assert!(
                    agents.is_machine(&headers(&[("user-agent", agent)])),
                    "{agent}"
                );
            }
            let phone = ("user-agent", PHONE);
            assert!(!agents.is_machine(&headers(&[phone])));
            assert!(agents.is_machine(&headers(&[phone, ("sec-purpose", "prefetch;prerender")])));
            assert!(!agents.is_machine(&HeaderMap::new()));
        }
    }
}
