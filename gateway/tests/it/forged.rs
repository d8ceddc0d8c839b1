use httpkit::Service;
use httpkit::tokens::ServiceVerifier;
use secrecy::SecretString;

use crate::support::{ACME, Answer, Door, SECRET, config, tenant};

/// The values of a header as the service got them.
fn got<'a>(told: &'a serde_json::Value, name: &str) -> Vec<&'a str> {
    let headers = told["headers"].as_array().unwrap();
    let of_name = headers.iter().filter(|header| header[0] == name);
    of_name.map(|header| header[1].as_str().unwrap()).collect()
}

const FORGED: &str = "X-Tenantry-Tenant: 0000\r\nx-tenantry-client: 6.6.6.6\r\nx-tenantry-service: forged\r\n\
    x-tenantry-anything: 1\r\nX_Tenantry_Tenant: 0000\r\nx-forwarded-host: globex.pm.test\r\nforwarded: host=globex.pm.test\r\n\
    x-original-host: globex.pm.test\r\nx-host: globex.pm.test\r\nx-forwarded-for: 6.6.6.6\r\nx-real-ip: 6.6.6.6\r\n\
    x-request-id: mine\r\nx-request-id: mine\r\nx-http-method-override: DELETE\r\nupgrade: h2c\r\n";

#[tokio::test]
async fn a_service_hears_the_gateway_s_word_alone() {
    let door = Door::open(&config());
    let answer = door.member("GET", "/api/v1/tasks?limit=5", FORGED).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = answer.json();
    assert_eq!(told["uri"], "/api/v1/tasks?limit=5");
    assert_eq!(told["method"], "GET");
    assert_eq!(got(&told, "x-tenantry-tenant"), [tenant(ACME).to_string()]);
    assert_eq!(got(&told, "x-tenantry-client"), ["127.0.0.1"]);
    assert_eq!(got(&told, "authorization").len(), 1);
    for name in [
        "x-tenantry-anything",
        "x_tenantry_tenant",
        "x-forwarded-host",
        "x-forwarded-for",
        "forwarded",
        "x-original-host",
        "x-host",
        "x-real-ip",
        "x-http-method-override",
        "upgrade",
        "connection",
    ] {
        assert!(got(&told, name).is_empty(), "{name}");
    }
    let id = got(&told, "x-request-id");
    assert_eq!(id.len(), 1);
    assert_ne!(id, ["mine"]);
    assert_eq!(answer.header("x-request-id"), Some(id[0]));
}

#[tokio::test]
async fn the_service_token_is_for_this_service_and_organization() {
    let door = Door::open(&config());
    let told = door.member("GET", "/api/v1/tasks", FORGED).await.json();
    let [token] = got(&told, "x-tenantry-service")[..] else {
        panic!("not one token")
    };
    let verify =
        |audience| ServiceVerifier::new(&SecretString::from(SECRET), audience).verify(token);
    let claims = verify(Service::ProjectSvc).unwrap();
    assert_eq!(
        (claims.iss, claims.tenant_id),
        (Service::Gateway, Some(tenant(ACME)))
    );
    assert!(verify(Service::Identity).is_err());
}

#[tokio::test]
async fn a_client_s_trace_goes_on_and_its_connection_headers_do_not() {
    let door = Door::open(&config());
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let headers = format!(
        "traceparent: 00-{trace}-00f067aa0ba902b7-01\r\nconnection: keep-alive, x-mine\r\nx-mine: 1\r\n"
    );
    let told = door.member("GET", "/api/v1/tasks", &headers).await.json();
    assert!(got(&told, "x-mine").is_empty());
    let [traceparent] = got(&told, "traceparent")[..] else {
        panic!("not one trace")
    };
    assert!(
        traceparent.starts_with(&format!("00-{trace}-"))
            && !traceparent.contains("00f067aa0ba902b7")
    );
}

#[tokio::test]
async fn a_client_cannot_have_its_credentials_stripped() {
    let door = Door::open(&config());
    for name in ["authorization", "cookie", "host", "content-length"] {
        let answer = door
            .member(
                "GET",
                "/api/v1/tasks",
                &format!("connection: close, {name}\r\n"),
            )
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "connection_malformed")
        );
    }
}

#[tokio::test]
async fn internal_paths_never_pass() {
    let door = Door::open(&config());
    let ask = async |path: &str| -> Answer { door.member("GET", path, "").await };
    for path in [
        "/internal/v1/tenants",
        "/metrics",
        "/healthz",
        "/API/V1/tasks",
        "/api/v1/nothing",
    ] {
        assert_eq!(ask(path).await.status, 404, "{path}");
    }
    for path in [
        "/api/v1/../internal",
        "/%2e%2e/internal",
        "//internal",
        "/api/v1/..;/internal",
        "/api/v1/tasks/%2f",
        "/api/v1/tasks/%00",
        "/api/v1//tasks",
        "/api\\v1",
    ] {
        assert_eq!(ask(path).await.status, 400, "{path}");
    }
}
