//! The instances of a service, and which of them serves an organization: the one with the highest weight for it
//! (rendezvous hashing). So its connections are kept in one place, all gateways agree without talking, and an
//! instance that comes or goes moves no organization but its own.

use std::cmp::Reverse;
use std::time::Instant;

use anyhow::Context;
use http::HeaderValue;
use http::uri::Authority;
use httpkit::Service;
use kernel::TenantId;
use url::Url;

use crate::breaker::{Breaker, Change, Open};

/// One service.
pub(super) struct Instances(Vec<Upstream>);

/// One instance, its address taken apart once.
pub(super) struct Upstream {
    pub(super) service: Service,
    pub(super) authority: Authority,
    pub(super) host: HeaderValue,
    breaker: Breaker,
    seed: u64,
}

impl Instances {
    /// The service at these addresses.
    pub(super) fn new(service: Service, urls: &[&Url]) -> anyhow::Result<Self> {
        let instances = urls.iter().map(|url| Upstream::new(service, url));
        Ok(Self(instances.collect::<anyhow::Result<_>>()?))
    }

    /// Whether there is another one to go to.
    pub(super) fn several(&self) -> bool {
        self.0.len() > 1
    }

    /// The organization's own instance, or the next best while it is not to be called. Nothing has been sent yet,
    /// so that any request may go there.
    pub(super) fn choose(
        &self,
        tenant: Option<TenantId>,
        but: Option<&Upstream>,
    ) -> Result<&Upstream, Open> {
        let now = Instant::now();
        if let ([only], None) = (self.0.as_slice(), but) {
            return only.breaker.allow(now).map(|()| only);
        }
        let mut refused = Open::default();
        for upstream in self.ranked(tenant) {
            if but.is_some_and(|but| std::ptr::eq(but, upstream)) {
                continue;
            }
            match upstream.breaker.allow(now) {
                Ok(()) => return Ok(upstream),
                Err(open) => refused = open,
            }
        }
        Err(refused)
    }

    /// From the best to the last.
    fn ranked(&self, tenant: Option<TenantId>) -> Vec<&Upstream> {
        let mut ranked: Vec<_> = self.0.iter().collect();
        ranked.sort_by_cached_key(|upstream| Reverse(upstream.weight(tenant)));
        ranked
    }
}

impl Upstream {
    fn new(service: Service, url: &Url) -> anyhow::Result<Self> {
        let authority: Authority = url
            .authority()
            .parse()
            .with_context(|| format!("the address of {service}"))?;
        let host = HeaderValue::from_str(authority.as_str())
            .with_context(|| format!("the address of {service}"))?;
        Ok(Self {
            service,
            seed: fnv1a(authority.as_str()),
            authority,
            host,
            breaker: Breaker::default(),
        })
    }

    pub(super) fn succeeded(&self) {
        self.turned(self.breaker.learn(Instant::now(), true));
    }

    pub(super) fn failed(&self, reason: &'static str) {
        metrics::counter!("upstream_failures_total", "service" => self.service.name(), "reason" => reason).increment(1);
        self.turned(self.breaker.learn(Instant::now(), false));
    }

    /// It answered, and said that it is about to end.
    pub(super) fn leaving(&self) {
        self.turned(self.breaker.leave(Instant::now()));
    }

    fn turned(&self, change: Option<Change>) {
        let Some(change) = change else { return };
        let open = change == Change::Opened;
        let instance = self.authority.to_string();
        metrics::gauge!("circuit_breaker_open", "service" => self.service.name(), "instance" => instance)
            .set(f64::from(u8::from(open)));
        tracing::warn!(service = %self.service, instance = %self.authority, open, "circuit breaker turned");
    }

    /// How well an organization sits here. The same on every gateway, and in every release.
    fn weight(&self, tenant: Option<TenantId>) -> u64 {
        let (high, low) = tenant.map_or((0, 0), |tenant| tenant.uuid().as_u64_pair());
        mix(mix(self.seed ^ high) ^ low)
    }
}

/// FNV-1a.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The finalizer of SplitMix64: every bit of the input reaches every bit of the output.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use kernel::Ids;

    use super::*;

    fn instances(ports: &[u16]) -> Instances {
        let urls: Vec<Url> = ports
            .iter()
            .map(|port| format!("http://127.0.0.1:{port}").parse().unwrap())
            .collect();
        Instances::new(Service::ProjectSvc, &urls.iter().collect::<Vec<_>>()).unwrap()
    }

    fn home(instances: &Instances, tenant: TenantId) -> String {
        let chosen = instances.choose(Some(tenant), None).unwrap();
        chosen.authority.to_string()
    }

    #[test]
    fn organizations_are_spread_and_a_lost_instance_moves_only_its_own() {
        let (three, two) = (instances(&[1, 2, 3]), instances(&[1, 3]));
        let ids = Ids::system();
        let mut each: HashMap<String, u32> = HashMap::new();
        for _ in 0..3000 {
            let tenant = ids.next();
            let (before, after) = (home(&three, tenant), home(&two, tenant));
            if before != "127.0.0.1:2" {
                assert_eq!(before, after);
            }
            *each.entry(before).or_default() += 1;
        }
        assert_eq!(each.len(), 3);
        assert!(each.values().all(|n| (850..1150).contains(n)), "{each:?}");
    }

    #[test]
    fn order_of_the_addresses_does_not_matter() {
        let ids = Ids::system();
        let (one, other) = (instances(&[1, 2, 3]), instances(&[3, 1, 2]));
        for _ in 0..100 {
            let tenant = ids.next();
            assert_eq!(home(&one, tenant), home(&other, tenant));
        }
    }

    #[test]
    fn while_an_instance_is_not_to_be_called_the_next_best_is() {
        let (three, ids) = (instances(&[1, 2, 3]), Ids::system());
        let tenant: TenantId = ids.next();
        let first = three.choose(Some(tenant), None).unwrap();
        let second = three.choose(Some(tenant), Some(first)).unwrap();
        assert!(!std::ptr::eq(first, second));
        for _ in 0..20 {
            first.failed("connect");
        }
        let chosen = three.choose(Some(tenant), None).unwrap();
        assert!(std::ptr::eq(chosen, second));
        for upstream in &three.0 {
            (0..20).for_each(|_| upstream.failed("connect"));
        }
        assert!(three.choose(Some(tenant), None).is_err());
    }
}
