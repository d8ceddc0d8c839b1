//! What a service needs to run inside a test: settings, neighbours on free ports, people who call.

use axum::Router;
use httpkit::tokens::{AUDIENCE, AccessClaims, ISSUER, Via};
use kernel::{Clock, Ids, Role, TenantId, UserId};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What all services of a test share.
pub const SECRET: &str = "a secret that all services of this test share";

/// The settings every service has, with all other services at `neighbours` and no broker.
pub fn shared_settings(neighbours: &str) -> Value {
    json!({
        "domain": "localhost:8080",
        "service_secret": SECRET,
        "amqp_url": "amqp://127.0.0.1:1",
        "resolver_url": neighbours,
        "identity_url": neighbours,
        "project_url": neighbours,
        "shortener_url": neighbours,
        "analytics_url": neighbours,
        "drain_seconds": 1,
    })
}

/// Serves on a free port until the test ends; answers the base address.
pub async fn listen(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// What the access token of somebody new says.
pub fn claims(tenant: TenantId, role: Role) -> AccessClaims {
    let (ids, now) = (Ids::system(), Clock::system().now().timestamp());
    let user: UserId = ids.next();
    AccessClaims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: user,
        tenant_id: tenant,
        sid: ids.next(),
        jti: user.uuid(),
        iat: now,
        nbf: now,
        exp: now + 900,
        name: "Ada".to_owned(),
        email: "ada@example.com".to_owned(),
        roles: vec![role],
        permissions: role.permissions(),
        via: Via::Session,
        zoneinfo: None,
    }
}
