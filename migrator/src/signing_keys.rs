//! The keys that access tokens are signed with, as the operator looks after them: identity does the work.

use chrono::{DateTime, Utc};
use httpkit::client::{Upstream, UpstreamError};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::resolver::{Resolver, ResolverError, failed};

const KEYS: &str = "/internal/v1/keys";
const ROTATE: &str = "/internal/v1/keys/rotate";

/// A key that tokens are verified with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SigningKey {
    /// Its id, as tokens name it.
    pub kid: String,
    /// `waiting`, `signing` or `verifying`.
    pub state: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it begins, or began, to sign.
    pub signs_from: DateTime<Utc>,
    /// When it stops, or stopped, to sign; it verifies for a day more.
    pub retired_at: Option<DateTime<Utc>>,
}

/// A new key, and those that it takes over from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rotation {
    /// Id of the new key.
    pub kid: String,
    /// When it begins to sign.
    pub signs_from: DateTime<Utc>,
    /// Those that sign until then.
    pub retires: Vec<String>,
}

impl Resolver {
    /// Every key that tokens are verified with, from the oldest to the newest.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, ResolverError> {
        let keys = self.keys()?.get(KEYS, None).await;
        keys.map_err(|error| failed("list the signing keys", error))
    }

    /// A new key, served at once and signing after `lead_seconds`, or identity's own choice of them.
    pub async fn rotate_signing_keys(
        &self,
        lead_seconds: Option<u32>,
    ) -> Result<Rotation, ResolverError> {
        let body = json!({ "lead_seconds": lead_seconds });
        let rotation = self.keys()?.post(ROTATE, None, &body).await;
        rotation.map_err(|error| failed("rotate the signing keys", error))
    }

    /// A key that has leaked is refused from now on.
    pub async fn withdraw_signing_key(&self, kid: &str) -> Result<(), ResolverError> {
        let failed = |error: UpstreamError| failed("withdraw the signing key", error);
        let identity = self.keys()?;
        let path = format!("{KEYS}/{kid}");
        let request = identity.request(Method::DELETE, &path, None);
        identity
            .send(request.map_err(failed)?)
            .await
            .map_err(failed)
    }

    fn keys(&self) -> Result<&Upstream, ResolverError> {
        self.identity.as_ref().ok_or(ResolverError::NoIdentity)
    }
}
