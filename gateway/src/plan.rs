//! How often the members of an organization may come in a minute, where its plan says so. Guests and strangers do
//! not count: they could shut an organization out. Each instance of the gateway counts what comes to it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use httpkit::Problem;
use kernel::TenantId;
use moka::sync::Cache;

use crate::limit::{Bucket, Standing};
use crate::tenant::Tenant;

const MINUTE: Duration = Duration::from_secs(60);

/// After a minute without a request a bucket is full again, and as good as a new one.
const IDLE: Duration = Duration::from_secs(120);

/// Organizations counted at a time; some 300 bytes each.
const ENTRIES: u64 = 50_000;

/// The organizations that are counted. Another quota begins with a full bucket of its own.
pub struct Plans(Cache<(TenantId, NonZeroU32), Arc<Bucket>>);

impl Plans {
    /// Counts nobody yet.
    pub fn new() -> Self {
        let buckets = Cache::builder().max_capacity(ENTRIES).time_to_idle(IDLE);
        Self(buckets.build())
    }

    /// Counts a request of a member of `tenant`; nothing where the plan has no limit.
    pub fn count(&self, tenant: Tenant) -> Result<Option<Standing>, Problem> {
        let Some(quota) = tenant.requests_per_minute else {
            return Ok(None);
        };
        let bucket = || Bucket::new("organization", "limit_requests", quota, MINUTE).map(Arc::new);
        let bucket = self.0.try_get_with((tenant.id, quota), bucket);
        let bucket = bucket.map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Some(bucket.count()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(id: u128, quota: Option<u32>) -> Tenant {
        Tenant {
            id: uuid::Uuid::from_u128(id).into(),
            requests_per_minute: quota.and_then(NonZeroU32::new),
        }
    }

    #[test]
    fn each_organization_has_the_quota_of_its_plan() {
        let plans = Plans::new();
        let count = |tenant| {
            plans
                .count(tenant)
                .unwrap()
                .map(|standing| standing.check())
        };
        for (id, quota) in [(1, 3), (2, 5)] {
            for _ in 0..quota {
                assert!(count(tenant(id, Some(quota))).unwrap().is_ok());
            }
            let beyond = count(tenant(id, Some(quota))).unwrap().unwrap_err();
            assert_eq!(
                (beyond.status().as_u16(), beyond.code()),
                (429, "limit_requests")
            );
        }
        assert!(count(tenant(1, None)).is_none());
        assert!(count(tenant(1, Some(4))).unwrap().is_ok(), "another plan");
        assert!(count(tenant(3, Some(u32::MAX))).unwrap().is_ok());
    }
}
