//! A call as the gateway makes it, and its answer.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Builder;
use axum::http::{HeaderMap, StatusCode};
use httpkit::Service;
use httpkit::tokens::{SERVICE_TOKEN_HEADER, ServiceSigner};
use kernel::TenantId;
use secrecy::SecretString;
use serde_json::Value;
use testkit::SECRET;
use tower::ServiceExt;

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) raw: axum::body::Bytes,
}

impl Answer {
    /// Status and problem code.
    pub(crate) fn problem(&self) -> (u16, &str) {
        (
            self.status.as_u16(),
            self.body["code"].as_str().unwrap_or_default(),
        )
    }

    pub(crate) fn text(&self, field: &str) -> String {
        self.body[field]
            .as_str()
            .unwrap_or_else(|| panic!("{field} in {self:?}"))
            .to_owned()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }
}

/// A call to be made.
pub(crate) struct Call<'a> {
    pub(crate) router: Router,
    pub(crate) request: Builder,
    pub(crate) service: Service,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) address: &'a str,
    pub(crate) body: Body,
}

impl<'a> Call<'a> {
    /// On this organization's host.
    pub(crate) fn at(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// As another service than the gateway.
    pub(crate) fn by(mut self, service: Service) -> Self {
        self.service = service;
        self
    }

    /// From this client address.
    pub(crate) fn from(mut self, address: &'a str) -> Self {
        self.address = address;
        self
    }

    /// With this access token.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = Body::from(body.to_string());
        self.header("content-type", "application/json")
    }

    /// With this file.
    pub(crate) fn file(mut self, content_type: &str, content: &[u8]) -> Self {
        self.body = Body::from(content.to_vec());
        self.header("content-type", content_type)
    }

    pub(crate) async fn send(self) -> Answer {
        let signer = ServiceSigner::new(&SecretString::from(SECRET), self.service);
        let token = signer.token(Service::Identity, self.tenant).unwrap();
        let request = self
            .request
            .header(SERVICE_TOKEN_HEADER, &*token)
            .header("x-tenantry-client", self.address)
            .body(self.body)
            .unwrap();
        let response = self.router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            raw: bytes,
        }
    }
}
