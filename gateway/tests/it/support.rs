//! A gateway on a free port, services behind it that tell what reached them, and a client that sends bytes.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gateway::Config;
use http::{HeaderMap, Method, StatusCode, Uri};
use httpkit::tokens::{AUDIENCE, AccessClaims, AccessSigner, ISSUER};
use kernel::{Clock, Ids, Role, SessionId, TenantId, UserId};
use runtime::config::{SHARED_PREFIX, Variables};
use runtime::listener::{self, Limits};
use runtime::{App, Common, Drain};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::programs::Programs;

pub(crate) const SECRET: &str = "a-secret-of-the-tests-0123456789abcdef";

/// Organizations that the resolver of the tests knows.
pub(crate) const ACME: u128 = 0xa;
pub(crate) const GLOBEX: u128 = 0xb;

/// Where nobody listens.
pub(crate) const NOBODY: &str = "127.0.0.1:1";

pub(crate) fn tenant(id: u128) -> TenantId {
    TenantId::from(uuid::Uuid::from_u128(id))
}

pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) resolver: Resolver,
    pub(crate) programs: Programs,
    signer: AccessSigner,
    app: App,
}

/// The resolver of the tests.
#[derive(Clone, Default)]
pub(crate) struct Resolver {
    pub(crate) away: Arc<AtomicBool>,
    pub(crate) asked: Arc<AtomicUsize>,
    pub(crate) globex_suspended: Arc<AtomicBool>,
    /// Where globex lives since it was renamed.
    pub(crate) globex_renamed: Arc<AtomicBool>,
    /// Requests in a minute that acme may make; no limit while it is 0.
    pub(crate) acme_quota: Arc<AtomicUsize>,
}

/// Signs as identity does.
pub(crate) fn signer() -> AccessSigner {
    AccessSigner::new("k1", &[7; 32])
}

/// What an access token says that is good for a quarter of an hour.
pub(crate) fn claims(of: u128, session: SessionId, user: UserId, role: Role) -> AccessClaims {
    let now = Clock::system().now().timestamp();
    AccessClaims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: user,
        tenant_id: tenant(of),
        sid: session,
        jti: uuid::Uuid::nil(),
        iat: now,
        nbf: now,
        exp: now + 900,
        name: "Ada".into(),
        email: "ada@example.com".into(),
        roles: vec![role],
        permissions: role.permissions(),
        via: httpkit::tokens::Via::Session,
        zoneinfo: None,
    }
}

/// Generous, so that only tests of limits meet one.
pub(crate) fn config() -> Config {
    let plenty = NonZeroU32::new(100_000).unwrap();
    Config {
        trusted_proxies: Vec::new(),
        address_per_minute: plenty,
        user_per_hour: plenty,
        login_per_minute: plenty,
        ..Config::default()
    }
}

impl Door {
    pub(crate) fn open(config: &Config) -> Self {
        // Nobody listens there: what events bring is tested where there is a broker.
        Self::open_with(config, "amqp://127.0.0.1:1")
    }

    pub(crate) fn open_with(config: &Config, amqp: &str) -> Self {
        Self::open_before(config, amqp, &[serve(echo())])
    }

    /// With several instances of project-svc behind it.
    pub(crate) fn open_before(config: &Config, amqp: &str, projects: &[SocketAddr]) -> Self {
        let signer = signer();
        let resolver = Resolver::default();
        let programs = Programs::default();
        let jwks = json!({ "keys": [signer.public_jwk().unwrap()] });
        let identity = echo()
            .route(
                "/.well-known/jwks.json",
                get(async move || jwks.to_string()),
            )
            .route("/internal/v1/sessions/revoked", get(async || "[]"))
            .merge(programs.routes())
            .route("/internal/v1/members/changed", get(async || "[]"));
        let common = common(
            serve(lookup(resolver.clone())),
            serve(identity),
            projects,
            serve(echo()),
            NOBODY.parse().unwrap(),
            amqp,
        );
        let app = App::new(common);
        let service = gateway::start(config, &app).unwrap();
        let socket = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(listener::serve(
            socket,
            service,
            Limits::default(),
            Drain::default(),
        ));
        Self {
            address,
            resolver,
            programs,
            signer,
            app,
        }
    }

    /// An access token for an organization.
    pub(crate) fn token(&self, of: u128) -> String {
        self.token_of_session(of, Ids::system().next())
    }

    pub(crate) fn token_of_session(&self, of: u128, session: SessionId) -> String {
        self.sign(of, session, Ids::system().next(), Role::Member)
    }

    pub(crate) fn token_of_person(&self, of: u128, user: UserId, role: Role) -> String {
        self.sign(of, Ids::system().next(), user, role)
    }

    /// With what the service says when it begins to leave.
    pub(crate) fn leave(&self) {
        self.app.leaving.cancel();
    }

    fn sign(&self, of: u128, session: SessionId, user: UserId, role: Role) -> String {
        self.signer.sign(&claims(of, session, user, role)).unwrap()
    }

    /// Waits until the gateway hears events.
    pub(crate) async fn connected(&self) {
        testkit::eventually("the gateway hears events", 10, async || {
            let report = self.app.health.report().await;
            report.checks.iter().all(|check| check.ok).then_some(())
        })
        .await;
    }

    /// Sends a request as it stands and reads one answer.
    pub(crate) async fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The door may answer and close before everything is sent.
        let _ = stream.write_all(request.as_bytes()).await;
        read(&mut stream).await
    }

    pub(crate) async fn get(&self, host: &str, path: &str) -> Answer {
        self.send("GET", host, path, "").await
    }

    /// `headers` are whole lines, each with its line end.
    pub(crate) async fn send(&self, method: &str, host: &str, path: &str, headers: &str) -> Answer {
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n"
        ))
        .await
    }

    /// As a member of acme on acme's host.
    pub(crate) async fn member(&self, method: &str, path: &str, headers: &str) -> Answer {
        let headers = format!("authorization: Bearer {}\r\n{headers}", self.token(ACME));
        self.send(method, "acme.pm.test", path, &headers).await
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.app.shutdown.cancel();
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        lines
            .filter_map(|line| line.split_once(": "))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }
}

async fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    loop {
        if let Some(answer) = whole(&bytes) {
            return answer;
        }
        let count = stream.read_buf(&mut bytes).await.unwrap_or_default();
        assert!(
            count > 0,
            "closed after {:?}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

fn whole(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = &bytes[end + 4..];
    let answer = |body: &[u8]| Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.clone(),
        body: body.to_vec(),
    };
    let length = head.split("content-length: ").nth(1);
    match length.and_then(|rest| rest.lines().next()?.parse::<usize>().ok()) {
        Some(length) => (body.len() >= length).then(|| answer(&body[..length])),
        None if head.contains("transfer-encoding: chunked") => {
            body.ends_with(b"0\r\n\r\n").then(|| answer(body))
        }
        None => Some(answer(&[])),
    }
}

pub(crate) fn serve(router: Router) -> SocketAddr {
    let socket = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(listener::serve(
        socket,
        router,
        Limits::default(),
        Drain::default(),
    ));
    address
}

/// A service that answers with what it got.
pub(crate) fn echo() -> Router {
    Router::new()
        .route("/api/v1/tasks/slow", get(std::future::pending::<()>))
        .route("/internal/openapi.json", get(document))
        .fallback(tell)
}

async fn tell(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let headers: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let told = json!({
        "method": method.as_str(), "uri": uri.to_string(), "headers": headers, "bytes": body.len(), "padding": "x".repeat(2000),
    });
    let kind = [
        ("content-type", "application/json"),
        ("x-tenantry-secret", "1"),
    ];
    (kind, told.to_string()).into_response()
}

async fn document() -> String {
    json!({ "openapi": "3.1.0", "paths": { "/api/v1/tasks": {}, "/internal/v1/secret": {} } })
        .to_string()
}

fn lookup(resolver: Resolver) -> Router {
    Router::new().fallback(async move |uri: Uri| {
        resolver.asked.fetch_add(1, Ordering::Relaxed);
        if resolver.away.load(Ordering::Relaxed) {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let name = uri.path().rsplit('/').next().unwrap_or_default();
        let renamed = resolver.globex_renamed.load(Ordering::Relaxed);
        let (id, status, subdomain) = match name {
            "acme" => (ACME, "active", name),
            "globex" if resolver.globex_suspended.load(Ordering::Relaxed) => {
                (GLOBEX, "suspended", name)
            }
            "globex" if renamed => (GLOBEX, "active", "initech"),
            "globex" => (GLOBEX, "active", name),
            "initech" if renamed => (GLOBEX, "active", name),
            "former" => (ACME, "active", "acme"),
            "frozen" => (0xc, "suspended", name),
            "unborn" => (0xd, "provisioning", name),
            "moving" | "migrating" => (0xe, name, name),
            "leaving" => (0xf, "deleting", name),
            _ => match name.strip_prefix("many-") {
                Some(number) => (1000 + number.parse::<u128>().unwrap(), "active", name),
                None => return StatusCode::NOT_FOUND.into_response(),
            },
        };
        let limits = match resolver.acme_quota.load(Ordering::Relaxed) {
            quota if id == ACME && quota > 0 => json!({ "requests_per_minute": quota }),
            _ => json!({}),
        };
        json!({
            "id": tenant(id), "subdomain": subdomain, "name": "X", "status": status, "generation": 1,
            "limits": limits, "cluster": "main",
        })
        .to_string()
        .into_response()
    })
}

fn common(
    resolver: SocketAddr,
    identity: SocketAddr,
    projects: &[SocketAddr],
    shortener: SocketAddr,
    analytics: SocketAddr,
    amqp: &str,
) -> Common {
    let url = |address: SocketAddr| format!("http://{address}");
    let pairs = [
        ("DOMAIN", "pm.test:8080".to_owned()),
        ("SERVICE_SECRET", SECRET.to_owned()),
        ("AMQP_URL", amqp.to_owned()),
        ("RESOLVER_URL", url(resolver)),
        ("IDENTITY_URL", url(identity)),
        (
            "PROJECT_URL",
            projects
                .iter()
                .copied()
                .map(url)
                .collect::<Vec<_>>()
                .join(","),
        ),
        ("SHORTENER_URL", url(shortener)),
        ("ANALYTICS_URL", url(analytics)),
    ];
    let pairs = pairs.map(|(name, value)| (format!("{SHARED_PREFIX}{name}"), value));
    Variables::new(SHARED_PREFIX, pairs).read().unwrap()
}
