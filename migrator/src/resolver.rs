//! The control plane and identity as the operator's tool calls them: their internal API, as `Service::Migrator`.
//!
//! The resolver alone changes a tenant's status, place and password; whatever is asked of it here may be asked again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use httpkit::Service;
use httpkit::client::{Upstream, UpstreamError, http_client};
use httpkit::tokens::ServiceSigner;
use kernel::TenantId;
use reqwest::Method;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

/// Copying a large tenant takes its time; nothing else does.
const CLONE_TIMEOUT: Duration = Duration::from_secs(600);
/// Every role's password of a large cluster may be sealed anew.
const RESEAL_TIMEOUT: Duration = Duration::from_secs(120);

/// The way to both services.
#[derive(Clone, Debug)]
pub struct Resolver {
    resolver: Upstream,
    pub(crate) identity: Option<Upstream>,
}

/// A tenant as the resolver tells it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Document {
    /// Its id.
    pub id: TenantId,
    /// The name it answers to.
    #[serde(default)]
    pub subdomain: Option<String>,
    /// The organization's name.
    #[serde(default)]
    pub name: Option<String>,
    /// The state of its life.
    pub status: String,
    /// What it may use; absent is unlimited.
    #[serde(default)]
    pub limits: Limits,
    /// The server it lives on.
    #[serde(default)]
    pub cluster: Option<String>,
    /// End of its grace, when it is to be erased.
    #[serde(default)]
    pub deletes_at: Option<DateTime<Utc>>,
}

/// What a tenant may use; `None` is unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Active members and open invitations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u64>,
    /// Projects that are not archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<u64>,
    /// Bytes of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_bytes: Option<u64>,
    /// Requests a minute, all people together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u64>,
}

/// Why a tenant is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// It changes its cluster.
    Move,
    /// An older state takes the place of the present one.
    Restore,
}

/// How secrets were sealed anew.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Resealed {
    /// Under the newest key from now on.
    pub resealed: u64,
    /// Still under an older one.
    pub left: u64,
}

/// Why a service did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ResolverError {
    /// It answered, and refused.
    #[error("{service} refused to {what}: {words}")]
    Refused {
        /// Who.
        service: Service,
        /// What was asked.
        what: &'static str,
        /// Code of the problem.
        code: String,
        /// The problem in words.
        words: String,
    },
    /// It cannot be reached, or cannot be understood.
    #[error("{what}: is the service running, and is its address in {setting}?")]
    Away {
        /// What was asked.
        what: &'static str,
        /// The setting that says where it is.
        setting: &'static str,
        /// What happened.
        #[source]
        source: UpstreamError,
    },
    /// No address of identity was given.
    #[error("MIGRATOR_IDENTITY_API_URL is not set")]
    NoIdentity,
    /// No client could be made.
    #[error("prepare the HTTP client")]
    Client(#[from] reqwest::Error),
}

impl ResolverError {
    /// The problem's code, when the service refused.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Held {
    held_until: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Claimed {
    id: TenantId,
}

impl Resolver {
    /// The services at these addresses, called with the secret they share.
    pub fn new(
        resolver: Url,
        identity: Option<Url>,
        secret: &SecretString,
    ) -> Result<Self, ResolverError> {
        // Fails only when there is one already, which will do as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = http_client()?;
        let signer = ServiceSigner::new(secret, Service::Migrator);
        let upstream = |base, service| Upstream::new(http.clone(), base, service, signer.clone());
        Ok(Self {
            resolver: upstream(resolver, Service::TenantResolver),
            identity: identity.map(|base| upstream(base, Service::Identity)),
        })
    }

    /// The tenant as it is; refused with `not_found` once it is erased.
    pub async fn get(&self, tenant: TenantId) -> Result<Document, ResolverError> {
        let path = format!("/internal/v1/tenants/{tenant}");
        self.ask("read the tenant", Method::GET, &path, None).await
    }

    /// No request is answered from now on.
    pub async fn suspend(
        &self,
        tenant: TenantId,
        reason: Option<&str>,
    ) -> Result<Document, ResolverError> {
        let body = reason.map_or_else(|| json!({}), |reason| json!({ "reason": reason }));
        self.act("suspend the tenant", tenant, "suspend", &body)
            .await
    }

    /// Requests are answered again.
    pub async fn resume(&self, tenant: TenantId) -> Result<Document, ResolverError> {
        self.act("resume the tenant", tenant, "resume", &json!({}))
            .await
    }

    /// Another subdomain; the former one redirects until it is released.
    pub async fn rename(
        &self,
        tenant: TenantId,
        subdomain: &str,
    ) -> Result<Document, ResolverError> {
        let body = json!({ "subdomain": subdomain });
        self.act("rename the tenant", tenant, "rename", &body).await
    }

    /// A former subdomain is anybody's from now on.
    pub async fn release_subdomain(&self, subdomain: &str) -> Result<(), ResolverError> {
        let path = format!("/internal/v1/subdomains/{subdomain}");
        self.tell("release the subdomain", Method::DELETE, &path, None)
            .await
    }

    /// To be erased after `grace` seconds, or the resolver's own choice of them.
    pub async fn delete(
        &self,
        tenant: TenantId,
        grace_seconds: Option<u64>,
    ) -> Result<Document, ResolverError> {
        let body =
            grace_seconds.map_or_else(|| json!({}), |seconds| json!({ "grace_seconds": seconds }));
        self.act("delete the tenant", tenant, "delete", &body).await
    }

    /// Takes a deletion back within its grace.
    pub async fn undelete(&self, tenant: TenantId) -> Result<Document, ResolverError> {
        self.act("restore the tenant", tenant, "undelete", &json!({}))
            .await
    }

    /// Other limits, all of them.
    pub async fn limit(
        &self,
        tenant: TenantId,
        limits: &Limits,
    ) -> Result<Document, ResolverError> {
        let path = format!("/internal/v1/tenants/{tenant}/limits");
        let body = json!(limits);
        self.ask(
            "change the tenant's limits",
            Method::PUT,
            &path,
            Some(&body),
        )
        .await
    }

    /// Requests wait from now on, for at most so many seconds; answers until when.
    pub async fn hold(
        &self,
        tenant: TenantId,
        purpose: Purpose,
        seconds: u64,
    ) -> Result<DateTime<Utc>, ResolverError> {
        let body = json!({ "for": purpose, "seconds": seconds });
        let held: Held = self.act("hold the tenant", tenant, "hold", &body).await?;
        Ok(held.held_until)
    }

    /// Requests go on, on another cluster if one is named.
    pub async fn release(
        &self,
        tenant: TenantId,
        cluster: Option<&str>,
    ) -> Result<Document, ResolverError> {
        let body = cluster.map_or_else(|| json!({}), |name| json!({ "cluster": name }));
        self.act("release the tenant", tenant, "release", &body)
            .await
    }

    /// The tenant's role gets another password; open sessions stay.
    pub async fn rotate_password(&self, tenant: TenantId) -> Result<(), ResolverError> {
        let path = format!("/internal/v1/tenants/{tenant}/rotate-password");
        let body = json!({});
        self.tell("rotate the password", Method::POST, &path, Some(&body))
            .await
    }

    /// Every secret sealed under an older key is sealed under the newest.
    pub async fn rotate_seal(&self) -> Result<Resealed, ResolverError> {
        let what = "seal the secrets anew";
        let path = "/internal/v1/seal/rotate";
        let request = self.resolver.request(Method::POST, path, None);
        let request = request.map_err(|error| failed(what, error))?;
        let request = request.json(&json!({})).timeout(RESEAL_TIMEOUT);
        self.resolver
            .read(request)
            .await
            .map_err(|error| failed(what, error))
    }

    /// A tenant with an empty database, to be confirmed or abandoned.
    pub async fn claim(
        &self,
        request_id: &str,
        subdomain: &str,
        name: &str,
        cluster: Option<&str>,
    ) -> Result<TenantId, ResolverError> {
        let mut body = json!({ "request_id": request_id, "subdomain": subdomain, "name": name });
        if let (Some(fields), Some(cluster)) = (body.as_object_mut(), cluster) {
            fields.insert("cluster".to_owned(), cluster.into());
        }
        let path = "/internal/v1/tenants";
        let claimed: Claimed = self
            .ask("claim a tenant", Method::POST, path, Some(&body))
            .await?;
        Ok(claimed.id)
    }

    /// A tenant with a copy of another's database, to be confirmed or abandoned.
    pub async fn clone_tenant(
        &self,
        source: TenantId,
        request_id: &str,
        subdomain: &str,
        name: &str,
    ) -> Result<TenantId, ResolverError> {
        let what = "clone the tenant";
        let body = json!({ "request_id": request_id, "subdomain": subdomain, "name": name });
        let path = format!("/internal/v1/tenants/{source}/clone");
        let request = self.resolver.request(Method::POST, &path, None);
        let request = request.map_err(|error| failed(what, error))?;
        let request = request.json(&body).timeout(CLONE_TIMEOUT);
        let answer: Result<Claimed, _> = self.resolver.read(request).await;
        Ok(answer.map_err(|error| failed(what, error))?.id)
    }

    /// A claimed tenant answers requests from now on.
    pub async fn confirm(&self, tenant: TenantId) -> Result<(), ResolverError> {
        let path = format!("/internal/v1/tenants/{tenant}/confirm");
        let body = json!({});
        self.tell("confirm the tenant", Method::POST, &path, Some(&body))
            .await
    }

    /// A claimed tenant is given back.
    pub async fn abandon(&self, tenant: TenantId) -> Result<(), ResolverError> {
        let path = format!("/internal/v1/tenants/{tenant}/abandon");
        let body = json!({});
        self.tell("give the tenant back", Method::POST, &path, Some(&body))
            .await
    }

    /// Identity knows the organization, with the members of another one.
    pub async fn copy_members(
        &self,
        tenant: TenantId,
        subdomain: &str,
        name: &str,
        members_of: TenantId,
    ) -> Result<(), ResolverError> {
        let body = json!({ "tenant_id": tenant, "subdomain": subdomain, "name": name, "members_of": members_of });
        self.organization(&body).await
    }

    /// Identity knows the organization, with an invitation for its first owner.
    pub async fn invite_owner(
        &self,
        tenant: TenantId,
        subdomain: &str,
        name: &str,
        email: &str,
    ) -> Result<(), ResolverError> {
        let body = json!({ "tenant_id": tenant, "subdomain": subdomain, "name": name, "owner_email": email });
        self.organization(&body).await
    }

    async fn organization(&self, body: &Value) -> Result<(), ResolverError> {
        let what = "make the organization";
        let identity = self.identity.as_ref().ok_or(ResolverError::NoIdentity)?;
        let request = identity.request(Method::POST, "/internal/v1/organizations", None);
        let request = request.map_err(|error| failed(what, error))?.json(body);
        identity
            .send(request)
            .await
            .map_err(|error| failed(what, error))
    }

    async fn act<T: serde::de::DeserializeOwned>(
        &self,
        what: &'static str,
        tenant: TenantId,
        verb: &str,
        body: &Value,
    ) -> Result<T, ResolverError> {
        let path = format!("/internal/v1/tenants/{tenant}/{verb}");
        self.ask(what, Method::POST, &path, Some(body)).await
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        what: &'static str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, ResolverError> {
        let request = self.request(what, method, path, body)?;
        let answer = self.resolver.read(request).await;
        answer.map_err(|error| failed(what, error))
    }

    async fn tell(
        &self,
        what: &'static str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(), ResolverError> {
        let request = self.request(what, method, path, body)?;
        let answer = self.resolver.send(request).await;
        answer.map_err(|error| failed(what, error))
    }

    fn request(
        &self,
        what: &'static str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<reqwest::RequestBuilder, ResolverError> {
        let request = self.resolver.request(method, path, None);
        let request = request.map_err(|error| failed(what, error))?;
        Ok(match body {
            Some(body) => request.json(body),
            None => request,
        })
    }
}

pub(crate) fn failed(what: &'static str, error: UpstreamError) -> ResolverError {
    match error {
        UpstreamError::Status {
            service,
            status,
            code,
            detail,
        } => ResolverError::Refused {
            service,
            what,
            words: match (detail, code.as_str()) {
                (Some(detail), code) => format!("{detail} [{code}]"),
                (None, "") => format!("it answered {status}"),
                (None, code) => format!("it answered {status} [{code}]"),
            },
            code,
        },
        source => ResolverError::Away {
            what,
            setting: match &source {
                UpstreamError::Unreachable {
                    service: Service::Identity,
                    ..
                } => "MIGRATOR_IDENTITY_API_URL",
                _ => "MIGRATOR_RESOLVER_URL",
            },
            source,
        },
    }
}
