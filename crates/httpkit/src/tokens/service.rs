//! Service tokens: a minute-long HS256 JWT by which one service proves itself to another, and says
//! for which organization it calls.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kernel::{BoardId, ProjectId, TaskId, TenantId, ViewId};
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{LEEWAY_SECONDS, MAX_TOKEN_BYTES, TokenError};
use crate::Service;

/// The header that carries a service token. The gateway strips it from what comes from outside.
pub const SERVICE_TOKEN_HEADER: &str = "x-tenantry-service";
const TYPE: &str = "svc+jwt";
const LIFETIME_SECONDS: u64 = 60;
/// A token is handed out again for this long: signing anew for each request buys nothing.
const REUSE: Duration = Duration::from_secs(20);
/// Tokens kept ready; (tenant, service) pairs beyond are signed again.
const MAX_READY: u64 = 10_000;

/// What a service token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceClaims {
    /// Who calls.
    pub iss: Service,
    /// Who is called.
    pub aud: Service,
    /// For which organization; none on the bare domain and in fleet-wide jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// The one thing that a guest's call may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Issued at, seconds since 1970.
    pub iat: u64,
    /// Good until, seconds since 1970.
    pub exp: u64,
}

/// A thing that can be shared, as `kind:id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// One task.
    Task(TaskId),
    /// A board with its cards.
    Board(BoardId),
    /// A project with its tasks.
    Project(ProjectId),
    /// The tasks of a saved view.
    View(ViewId),
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(id) => write!(f, "task:{id}"),
            Self::Board(id) => write!(f, "board:{id}"),
            Self::Project(id) => write!(f, "project:{id}"),
            Self::View(id) => write!(f, "view:{id}"),
        }
    }
}

impl FromStr for Resource {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, id) = text.split_once(':').unwrap_or_default();
        let resource = match kind {
            "task" => id.parse().ok().map(Self::Task),
            "board" => id.parse().ok().map(Self::Board),
            "project" => id.parse().ok().map(Self::Project),
            "view" => id.parse().ok().map(Self::View),
            _ => None,
        };
        resource.ok_or(TokenError::Refused("resource"))
    }
}

impl Serialize for Resource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Resource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

type Subject = (Service, Option<TenantId>, Option<Resource>);

/// Signs as one service.
#[derive(Clone)]
pub struct ServiceSigner {
    issuer: Service,
    key: EncodingKey,
    ready: Cache<Subject, Arc<str>>,
}

impl ServiceSigner {
    /// A signer for `issuer` with the secret that all services share.
    pub fn new(secret: &SecretString, issuer: Service) -> Self {
        let ready = Cache::builder()
            .max_capacity(MAX_READY)
            .time_to_live(REUSE)
            .build();
        Self {
            issuer,
            key: EncodingKey::from_secret(secret.expose_secret().as_bytes()),
            ready,
        }
    }

    /// Who signs.
    pub fn issuer(&self) -> Service {
        self.issuer
    }

    /// A token for a call to `audience` on behalf of `tenant`.
    pub fn token(
        &self,
        audience: Service,
        tenant: Option<TenantId>,
    ) -> Result<Arc<str>, TokenError> {
        self.reuse_or_sign((audience, tenant, None))
    }

    /// A token for a guest's call: good for `resource` alone.
    pub fn token_for(
        &self,
        audience: Service,
        tenant: TenantId,
        resource: Resource,
    ) -> Result<Arc<str>, TokenError> {
        self.reuse_or_sign((audience, Some(tenant), Some(resource)))
    }

    fn reuse_or_sign(&self, subject: Subject) -> Result<Arc<str>, TokenError> {
        if let Some(token) = self.ready.get(&subject) {
            return Ok(token);
        }
        let (aud, tenant_id, resource) = subject;
        let iat = jsonwebtoken::get_current_timestamp();
        let claims = ServiceClaims {
            iss: self.issuer,
            aud,
            tenant_id,
            resource,
            iat,
            exp: iat + LIFETIME_SECONDS,
        };
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        let token: Arc<str> = jsonwebtoken::encode(&header, &claims, &self.key)?.into();
        self.ready.insert(subject, Arc::clone(&token));
        Ok(token)
    }
}

impl fmt::Debug for ServiceSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceSigner({})", self.issuer)
    }
}

/// Checks tokens meant for one service. A caller sends one token for a while, so those that were good lately are
/// remembered.
#[derive(Clone)]
pub struct ServiceVerifier {
    key: DecodingKey,
    validation: Validation,
    good: Cache<Box<str>, ServiceClaims>,
}

impl ServiceVerifier {
    /// A verifier for `audience` with the secret that all services share.
    pub fn new(secret: &SecretString, audience: Service) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY_SECONDS;
        validation.set_audience(&[audience.name()]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        let good = Cache::builder()
            .max_capacity(MAX_READY)
            .time_to_live(REUSE)
            .build();
        Self {
            key: DecodingKey::from_secret(secret.expose_secret().as_bytes()),
            validation,
            good,
        }
    }

    /// What the token says, when a service of ours made it for this one.
    pub fn verify(&self, token: &str) -> Result<ServiceClaims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Refused("too long"));
        }
        let now = jsonwebtoken::get_current_timestamp();
        match self.good.get(token) {
            Some(claims) if now < claims.exp => return Ok(claims),
            Some(_) | None => {}
        }
        let data = jsonwebtoken::decode::<ServiceClaims>(token, &self.key, &self.validation)?;
        if data.header.typ.as_deref() != Some(TYPE) {
            return Err(TokenError::Refused("type"));
        }
        self.good.insert(token.into(), data.claims.clone());
        Ok(data.claims)
    }
}

impl fmt::Debug for ServiceVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceVerifier")
    }
}

#[cfg(test)]
mod tests {
    use kernel::Ids;

    use super::*;

    fn secret(text: &str) -> SecretString {
        text.into()
    }

    #[test]
    fn token_is_good_only_where_it_is_meant_for() {
        let shared = secret("a secret that is long enough to be one");
        let tenant = Ids::system().next();
        let token = ServiceSigner::new(&shared, Service::Gateway)
            .token(Service::Identity, Some(tenant))
            .unwrap();
        let claims = ServiceVerifier::new(&shared, Service::Identity)
            .verify(&token)
            .unwrap();
        assert_eq!(
            (claims.iss, claims.tenant_id),
            (Service::Gateway, Some(tenant))
        );
        let verifier = ServiceVerifier::new(&shared, Service::Identity);
        for _ in 0..2 {
            assert_eq!(verifier.verify(&token).unwrap(), claims);
        }
        let (head, mac) = token.rsplit_once('.').unwrap();
        let forged: String = mac.chars().rev().collect();
        assert!(verifier.verify(&format!("{head}.{forged}")).is_err());
        assert!(
            ServiceVerifier::new(&shared, Service::Analytics)
                .verify(&token)
                .is_err()
        );
        assert!(
            ServiceVerifier::new(&secret("another secret"), Service::Identity)
                .verify(&token)
                .is_err()
        );
    }

    #[test]
    fn resource_travels_with_the_token() {
        let shared = secret("a secret that is long enough to be one");
        let (tenant, task) = (Ids::system().next(), Resource::Task(Ids::system().next()));
        let signer = ServiceSigner::new(&shared, Service::Shortener);
        let token = signer.token_for(Service::ProjectSvc, tenant, task).unwrap();
        let claims = ServiceVerifier::new(&shared, Service::ProjectSvc)
            .verify(&token)
            .unwrap();
        assert_eq!(claims.resource, Some(task));
        for kind in ["task", "board", "project", "view"] {
            let text = format!("{kind}:0190aaaa-0000-7000-8000-000000000001");
            assert_eq!(text.parse::<Resource>().unwrap().to_string(), text);
        }
        for text in [
            "task:x",
            "task",
            "user:0190aaaa-0000-7000-8000-000000000001",
            "",
        ] {
            assert!(text.parse::<Resource>().is_err(), "{text}");
        }
    }
}
