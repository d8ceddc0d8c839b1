//! Under which public address an organization is reached, for the links that are handed out.

use std::sync::Arc;
use std::time::Duration;

use httpkit::client::{Upstream, UpstreamError};
use kernel::TenantId;
use moka::future::Cache;
use runtime::Common;
use serde::Deserialize;

/// Time an answer serves; a renamed organization shows its new address after it. The old one keeps
/// working until the operator releases it.
const KEPT_FOR: Duration = Duration::from_secs(60);
const CAPACITY: u64 = 20_000;

/// Knows organizations' addresses. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tenants {
    resolver: Upstream,
    common: Arc<Common>,
    origins: Cache<TenantId, Arc<str>>,
}

#[derive(Deserialize)]
struct Tenant {
    subdomain: String,
}

impl Tenants {
    pub(crate) fn new(resolver: Upstream, common: Arc<Common>) -> Self {
        let origins = Cache::builder()
            .max_capacity(CAPACITY)
            .time_to_live(KEPT_FOR)
            .build();
        Self {
            resolver,
            common,
            origins,
        }
    }

    /// The organization's public origin, without a trailing slash.
    pub(crate) async fn origin(&self, tenant: TenantId) -> Result<Arc<str>, Arc<UpstreamError>> {
        let ask = async {
            let path = format!("/internal/v1/tenants/{tenant}");
            let found: Tenant = self.resolver.get(&path, Some(tenant)).await?;
            Ok(self.common.tenant_origin(found.subdomain).into())
        };
        self.origins.try_get_with(tenant, ask).await
    }
}
