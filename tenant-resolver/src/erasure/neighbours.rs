//! The services that keep something of a tenant, and what the resolver asks them.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use httpkit::Service;
use httpkit::client::{Upstream, UpstreamError};
use kernel::TenantId;
use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;

/// Removing a big organization takes its time; what is cut off goes on with the next sweep.
const ERASE_TIMEOUT: Duration = Duration::from_secs(60);

/// Who is asked about tenants.
#[derive(Clone)]
pub struct Neighbours {
    identity: Upstream,
    shortener: Upstream,
    analytics: Upstream,
}

#[derive(Deserialize)]
struct Organization {}

impl Neighbours {
    /// Asks through these clients.
    pub fn new(identity: Upstream, shortener: Upstream, analytics: Upstream) -> Self {
        Self {
            identity,
            shortener,
            analytics,
        }
    }

    /// Whether the sign-up that claimed this tenant was committed.
    pub(crate) async fn knows(&self, tenant: TenantId) -> Result<bool, UpstreamError> {
        let path = format!("/internal/v1/organizations/{tenant}");
        match self.identity.get::<Organization>(&path, None).await {
            Ok(_) => Ok(true),
            // Only a problem of ours counts: a proxy's 404 must not cost anyone a database.
            Err(UpstreamError::Status {
                status: StatusCode::NOT_FOUND,
                code,
                ..
            }) if code == "not_found" => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Has a service remove all it keeps of a tenant; answers what that was.
    pub(crate) async fn erase(&self, keeper: Service, tenant: TenantId) -> Result<Value, Error> {
        let upstream = match keeper {
            Service::Identity => &self.identity,
            Service::Shortener => &self.shortener,
            Service::Analytics => &self.analytics,
            Service::Gateway
            | Service::TenantResolver
            | Service::ProjectSvc
            | Service::Migrator => return Err(Error::Malformed("keeper")),
        };
        let path = format!("/internal/v1/organizations/{tenant}");
        let request = upstream.request(Method::DELETE, &path, None)?;
        Ok(upstream.read(request.timeout(ERASE_TIMEOUT)).await?)
    }
}
