//! The services that keep something about people, and what is asked of them.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use httpkit::Service;
use httpkit::client::{Upstream, UpstreamError, http_client};
use httpkit::tokens::ServiceSigner;
use kernel::{Page, TenantId, UserId};
use runtime::Common;
use serde_json::{Value, json};

/// Going through a big organization takes its time; what is cut off is asked again.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Records asked for at once.
const PAGE: u32 = 200;

/// All of them, identity itself apart.
pub(crate) struct Keepers(Vec<(Service, Upstream)>);

impl Keepers {
    /// Asks at the addresses that all services share.
    pub(crate) fn new(common: &Common, signer: &ServiceSigner) -> anyhow::Result<Self> {
        let http = http_client()?;
        let keepers = [
            (Service::ProjectSvc, common.project_url.first()),
            (Service::Shortener, &common.shortener_url),
            (Service::Analytics, &common.analytics_url),
        ];
        let keepers = keepers.map(|(service, url)| {
            let upstream = Upstream::new(http.clone(), url.clone(), service, signer.clone());
            (service, upstream)
        });
        Ok(Self(keepers.into()))
    }

    /// Who keeps something.
    pub(super) fn services(&self) -> impl Iterator<Item = (Service, &Upstream)> {
        self.0
            .iter()
            .map(|(service, upstream)| (*service, upstream))
    }
}

/// Has a service forget a person in one organization; answers what that came to.
pub(super) async fn erase(
    keeper: &Upstream,
    tenant: TenantId,
    person: UserId,
) -> Result<Value, UpstreamError> {
    let path = format!("/internal/v1/people/{person}");
    let request = keeper.request(Method::DELETE, &path, Some(tenant))?;
    match keeper.read(request.timeout(TIMEOUT)).await {
        Err(error) if is_gone(&error) => Ok(json!("the organization is gone")),
        answer => answer,
    }
}

/// The next records that a service keeps about a person in one organization.
pub(super) async fn records(
    keeper: &Upstream,
    tenant: TenantId,
    person: UserId,
    cursor: Option<&str>,
) -> Result<Page<Value>, UpstreamError> {
    let behind = cursor.map(|cursor| format!("&cursor={cursor}"));
    let path = format!(
        "/internal/v1/people/{person}?limit={PAGE}{}",
        behind.unwrap_or_default()
    );
    let request = keeper.request(Method::GET, &path, Some(tenant))?;
    match keeper.read(request.timeout(TIMEOUT)).await {
        Err(error) if is_gone(&error) => Ok(Page {
            items: Vec::new(),
            next_cursor: None,
        }),
        answer => answer,
    }
}

/// Only a problem of ours counts: a proxy's 404 must not pass for an erasure.
fn is_gone(error: &UpstreamError) -> bool {
    matches!(error, UpstreamError::Status { status: StatusCode::NOT_FOUND, code, .. } if code == "not_found")
}
