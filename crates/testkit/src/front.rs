//! The front door: requests to the gateway with the `Host` a client would send.

use reqwest::header::{AUTHORIZATION, HOST, HeaderMap};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::setting;

/// The gateway of the test system. Clients connect to its address and name the host themselves,
/// since `*.localhost` does not resolve everywhere.
#[derive(Debug, Clone)]
pub struct Front {
    http: Client,
    address: String,
    domain: String,
}

impl Front {
    /// The gateway that `./dev test` started.
    pub fn door() -> Self {
        Self::at(
            setting("TENANTRY_TEST_GATEWAY"),
            setting("TENANTRY_TEST_DOMAIN"),
        )
    }

    /// A gateway at `address` (`http://127.0.0.1:8080`) for `domain` (`localhost:8080`).
    pub fn at(address: String, domain: String) -> Self {
        // Fails only when another test of this process was first; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("build an HTTP client");
        Self {
            http,
            address,
            domain,
        }
    }

    /// The bare domain, as clients send it.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The bare domain, where organizations sign up.
    pub fn bare(&self) -> Site {
        self.host(self.domain.clone())
    }

    /// An organization's own host.
    pub fn tenant(&self, subdomain: &str) -> Site {
        self.host(format!("{subdomain}.{}", self.domain))
    }

    /// Any host.
    pub fn host(&self, host: String) -> Site {
        Site {
            front: self.clone(),
            host,
            token: None,
        }
    }
}

/// One host behind the gateway, asked as nobody or with somebody's access token.
#[derive(Debug, Clone)]
pub struct Site {
    front: Front,
    host: String,
    token: Option<String>,
}

impl Site {
    /// The same host, asked with an access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The `Host` that is sent.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// A request, to be changed and handed to [`Site::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .front
            .http
            .request(method, format!("{}{path}", self.front.address))
            .header(HOST, &self.host);
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    /// Sends it; panics when there is no answer at all.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer from the gateway");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the whole answer");
        Answer {
            status,
            headers,
            text,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body))
            .await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// Passes when the status is `status`; shows the body otherwise.
    #[must_use]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// Passes when it is a problem (RFC 9457) with this status and code that names the request.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{}",
            answer.text
        );
        let body = answer.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert!(body["request_id"].is_string(), "{body}");
        body
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        self.parse()
    }

    /// The body as `T`.
    #[track_caller]
    pub fn parse<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
