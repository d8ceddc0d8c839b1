//! Rate limits, and the headers by which a client can keep them: `RateLimit` and `RateLimit-Policy` (IETF
//! draft-ietf-httpapi-ratelimit-headers) and the older `X-RateLimit-*`.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use governor::clock::{Clock, QuantaClock, QuantaInstant};
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue};
use httpkit::Problem;
use tower_governor::governor::{GovernorConfigBuilder, SharedRateLimiter};
use tower_governor::key_extractor::KeyExtractor;

/// A limit on how often one key may come. Clones share their counts.
#[derive(Clone)]
pub struct Limit<K: KeyExtractor> {
    limiter: SharedRateLimiter<K::Key, StateInformationMiddleware>,
    rule: Rule,
}

/// A limit on how often all together may come.
pub(crate) struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, QuantaClock, StateInformationMiddleware>,
    rule: Rule,
}

/// What a limit promises, ready for headers.
#[derive(Debug, Clone)]
struct Rule {
    name: &'static str,
    /// Code of the problem that who is beyond it gets.
    code: &'static str,
    quota: u32,
    window: Duration,
    policy: HeaderValue,
}

/// Where a client stands after a request.
#[derive(Debug, Clone)]
pub struct Standing {
    rule: Rule,
    remaining: u32,
    retry_after: Option<u64>,
}

impl<K: KeyExtractor> Limit<K> {
    /// At most `quota` in `window`; unused ones come back evenly.
    pub fn new(
        name: &'static str,
        quota: NonZeroU32,
        window: Duration,
        key: K,
    ) -> anyhow::Result<Self> {
        let config = GovernorConfigBuilder::default()
            .period(window / quota.get())
            .burst_size(quota.get())
            .key_extractor(key)
            .use_headers()
            .finish()
            .context("a rate limit of nothing")?;
        Ok(Self {
            limiter: Arc::clone(config.limiter()),
            rule: Rule::new(name, "rate_limited", quota, window)?,
        })
    }

    /// Counts a request of `key`.
    pub fn count(&self, key: &K::Key) -> Standing {
        self.rule.standing(self.limiter.check_key(key))
    }

    /// Forgets keys that have not come for a while; without this each address ever seen would stay.
    pub fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

impl Bucket {
    /// At most `quota` in `window`; unused ones come back evenly. Who is beyond it gets `code`.
    pub(crate) fn new(
        name: &'static str,
        code: &'static str,
        quota: NonZeroU32,
        window: Duration,
    ) -> anyhow::Result<Self> {
        let pace = Quota::with_period(window / quota.get()).context("a rate limit of nothing")?;
        let limiter = RateLimiter::direct(pace.allow_burst(quota)).with_middleware();
        let rule = Rule::new(name, code, quota, window)?;
        Ok(Self { limiter, rule })
    }

    /// Counts a request.
    pub(crate) fn count(&self) -> Standing {
        self.rule.standing(self.limiter.check())
    }
}

impl Rule {
    fn new(
        name: &'static str,
        code: &'static str,
        quota: NonZeroU32,
        window: Duration,
    ) -> anyhow::Result<Self> {
        let policy = format!("\"{name}\";q={quota};w={}", window.as_secs());
        Ok(Self {
            name,
            code,
            quota: quota.get(),
            window,
            policy: HeaderValue::from_str(&policy).context("the name of a rate limit")?,
        })
    }

    fn standing(&self, counted: Result<StateSnapshot, NotUntil<QuantaInstant>>) -> Standing {
        let (remaining, retry_after) = match counted {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => {
                let wait: Duration = until.wait_time_from(QuantaClock::default().now());
                (0, Some(wait.as_secs() + 1))
            }
        };
        Standing {
            rule: self.clone(),
            remaining,
            retry_after,
        }
    }
}

impl Standing {
    /// Passes, or says when to come back.
    pub fn check(&self) -> Result<(), Problem> {
        match self.retry_after {
            None => Ok(()),
            Some(seconds) => Err(Problem::too_many(self.rule.code, seconds)),
        }
    }

    /// Of two limits the one that will be met first.
    pub fn nearer(self, other: Self) -> Self {
        if other.remaining <= self.remaining {
            other
        } else {
            self
        }
    }

    /// Tells the client.
    pub fn write(&self, headers: &mut HeaderMap) {
        let Rule {
            name,
            quota,
            window,
            policy,
            ..
        } = &self.rule;
        let used = u64::from(quota.saturating_sub(self.remaining));
        // Until the whole quota is back.
        let reset = (used * window.as_secs()).div_ceil(u64::from(*quota).max(1));
        headers.insert(HeaderName::from_static("ratelimit-policy"), policy.clone());
        if let Ok(value) =
            HeaderValue::from_str(&format!("\"{name}\";r={};t={reset}", self.remaining))
        {
            headers.insert(HeaderName::from_static("ratelimit"), value);
        }
        headers.insert(
            HeaderName::from_static("x-ratelimit-limit"),
            HeaderValue::from(*quota),
        );
        headers.insert(
            HeaderName::from_static("x-ratelimit-remaining"),
            HeaderValue::from(self.remaining),
        );
        headers.insert(
            HeaderName::from_static("x-ratelimit-reset"),
            HeaderValue::from(reset),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ClientAddress;

    #[test]
    fn the_quota_is_kept_per_key_and_told() {
        let quota = NonZeroU32::new(2).unwrap();
        let limit = Limit::new(
            "address",
            quota,
            Duration::from_secs(60),
            ClientAddress::new(&[]),
        )
        .unwrap();
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert!(limit.count(&one).check().is_ok());
        let last = limit.count(&one);
        assert!(last.check().is_ok());
        let over = limit.count(&one);
        assert_eq!(over.check().unwrap_err().status(), 429);
        assert!(limit.count(&other).check().is_ok());

        let mut headers = HeaderMap::new();
        last.write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"address\";q=2;w=60");
        assert_eq!(headers["ratelimit"], "\"address\";r=0;t=60");
        assert_eq!(headers["x-ratelimit-limit"], "2");
        assert!(over.retry_after.unwrap() <= 31);
    }
}
