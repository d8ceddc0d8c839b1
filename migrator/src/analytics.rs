//! The numbers of tenants, as the operator looks after them: analytics does the work, step by step.

use std::time::Duration;

use httpkit::Service;
use httpkit::client::{Upstream, UpstreamError, http_client};
use httpkit::tokens::ServiceSigner;
use kernel::TenantId;
use reqwest::Method;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use crate::resolver::ResolverError;

/// A step folds for a second; the first one copies, the last one compares.
const STEP_TIMEOUT: Duration = Duration::from_secs(120);

/// The way to analytics.
#[derive(Clone, Debug)]
pub struct Analytics(Upstream);

/// How far a rebuild is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Progress {
    /// Whether it is through.
    pub done: bool,
    /// Events folded.
    pub events: u64,
    /// Events there are.
    pub total: u64,
    /// In what the numbers differ from rebuilt ones; told of a check that is through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differences: Option<Differences>,
}

/// In what numbers differ from rebuilt ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Differences {
    /// How many documents do.
    pub count: u64,
    /// The first of them.
    pub first: Vec<String>,
}

impl Analytics {
    /// The service at this address, called with the secret that all share.
    pub fn new(address: Url, secret: &SecretString) -> Result<Self, ResolverError> {
        // Fails only when there is one already, which will do as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let signer = ServiceSigner::new(secret, Service::Migrator);
        let upstream = Upstream::new(http_client()?, address, Service::Analytics, signer);
        Ok(Self(upstream))
    }

    /// Makes all numbers of a tenant again from its events, or compares them; tells each step to `watch`.
    pub async fn rebuild(
        &self,
        tenant: TenantId,
        check: bool,
        watch: impl Fn(&Progress),
    ) -> Result<Progress, ResolverError> {
        let mut begin = true;
        loop {
            let progress = self.step(tenant, begin, check).await?;
            watch(&progress);
            if progress.done {
                return Ok(progress);
            }
            begin = false;
        }
    }

    async fn step(
        &self,
        tenant: TenantId,
        begin: bool,
        check: bool,
    ) -> Result<Progress, ResolverError> {
        let path = format!("/internal/v1/organizations/{tenant}/rebuild");
        let request = self.0.request(Method::POST, &path, Some(tenant));
        let request = request.map_err(failed)?.timeout(STEP_TIMEOUT);
        let body = json!({ "begin": begin, "check": check });
        self.0.read(request.json(&body)).await.map_err(failed)
    }
}

fn failed(error: UpstreamError) -> ResolverError {
    const WHAT: &str = "rebuild the numbers";
    match error {
        UpstreamError::Status {
            service,
            code,
            detail,
            ..
        } => ResolverError::Refused {
            service,
            what: WHAT,
            words: detail.unwrap_or_else(|| code.clone()),
            code,
        },
        source => ResolverError::Away {
            what: WHAT,
            setting: "MIGRATOR_ANALYTICS_URL",
            source,
        },
    }
}
