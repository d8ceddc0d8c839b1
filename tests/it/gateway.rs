//! The door itself: hosts, forged headers, paths, limits.

use std::time::Duration;

use e2e::Organization;
use reqwest::Method;
use serde_json::json;
use testkit::{Front, setting, unique};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes as they are and answers the status of the first response.
async fn raw(request: &str) -> Option<u16> {
    let address = setting("TENANTRY_TEST_GATEWAY").replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 256];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer))
        .await
        .unwrap()
        .unwrap_or(0);
    let text = String::from_utf8_lossy(&answer[..read]).into_owned();
    text.split(' ').nth(1)?.parse().ok()
}

#[tokio::test]
async fn only_one_well_formed_host_is_taken() {
    let acme = Organization::sign_up().await;
    let host = acme.site.host();
    for headers in [
        String::new(),
        "Host:\r\n".to_owned(),
        format!("Host: {host}\r\nHost: {host}\r\n"),
        format!("Host: {host}\r\nHost: evil.test\r\n"),
        "Host: a@b\r\n".to_owned(),
        "Host: a/b\r\n".to_owned(),
        "Host: a b\r\n".to_owned(),
        format!("Host: {}.localhost:99999\r\n", acme.subdomain),
    ] {
        let request =
            format!("GET /api/v1/projects HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        assert_eq!(raw(&request).await, Some(400), "{headers:?}");
    }
    let absolute =
        format!("GET http://evil.test/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    assert_eq!(raw(&absolute).await, Some(400));
}

#[tokio::test]
async fn requests_that_can_be_read_in_two_ways_are_refused() {
    let acme = Organization::sign_up().await;
    let (host, token) = (acme.site.host(), &acme.owner.access_token);
    let fields = format!("Host: {host}\r\nAuthorization: Bearer {token}\r\n");
    let body = r#"{"name":"Smuggled"}"#;
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let both =
        "Content-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
    for request in [
        format!("POST /api/v1/projects HTTP/1.1\r\n{fields}{both}{chunked}"),
        format!("GET /api/v1/projects HTTP/1.1\n{fields}\r\n"),
        format!("GET /api/v1/projects HTTP/1.1\r\n{fields}X-A: 1\n\r\n"),
        format!("GET /api/v1/projects HTTP/1.1\r\n{fields}\n"),
    ] {
        assert_eq!(raw(&request).await, Some(400), "{request}");
    }
    let projects = acme.owner.api.get("/api/v1/projects").await.expect(200);
    assert_eq!(projects.json()["items"], json!([]));
}

#[tokio::test]
async fn host_that_is_no_organization_is_not_found() {
    let front = Front::door();
    let label = "a".repeat(64);
    let acme = Organization::sign_up().await;
    for host in [
        format!("{}.{}", unique("nobody"), front.domain()),
        format!("www.{}", front.domain()),
        format!("x.{}.{}", acme.subdomain, front.domain()),
        format!("{}.localhost.evil.test", acme.subdomain),
        format!("{}-localhost", acme.subdomain),
        format!("{label}.{}", front.domain()),
        "127.0.0.1".to_owned(),
    ] {
        let answer = front.host(host.clone()).get("/api/v1/projects").await;
        assert_eq!(answer.status, 404, "{host}: {}", answer.text);
    }
    let upper = format!(
        "{}.{}",
        acme.subdomain.to_uppercase(),
        front.domain().to_uppercase()
    );
    let _ = front
        .host(upper)
        .with_token(&acme.owner.access_token)
        .get("/api/v1/projects")
        .await
        .expect(200);
}

#[tokio::test]
async fn forged_headers_change_nothing() {
    let (acme, globex) = tokio::join!(Organization::sign_up(), Organization::sign_up());
    acme.project("Apollo").await;
    let plain = acme.owner.api.get("/api/v1/projects").await.expect(200);
    let globex_host = globex.site.host().to_owned();
    for (name, value) in [
        ("x-tenantry-tenant", globex.id.to_string()),
        ("x-tenantry-service", "forged".to_owned()),
        ("x-tenantry-client", "10.0.0.1".to_owned()),
        ("x-forwarded-host", globex_host.clone()),
        ("forwarded", format!("host={globex_host};for=10.0.0.1")),
        ("x-original-host", globex_host.clone()),
        ("x-host", globex_host.clone()),
        ("x-forwarded-for", "10.0.0.1".to_owned()),
        ("x-real-ip", "10.0.0.1".to_owned()),
        ("x-tenant-id", globex.id.to_string()),
        ("x-request-id", "mine".to_owned()),
        ("x-http-method-override", "DELETE".to_owned()),
    ] {
        let request = acme
            .owner
            .api
            .request(Method::GET, "/api/v1/projects")
            .header(name, value);
        let answer = acme.owner.api.send(request).await.expect(200);
        assert_eq!(answer.text, plain.text, "{name}");
        assert_ne!(answer.header("x-request-id"), Some("mine"));
    }
    let request = acme
        .site
        .request(Method::GET, "/api/v1/projects")
        .header("x-tenantry-service", "forged");
    let _ = acme.site.send(request).await.expect(401);
}

#[tokio::test]
async fn inner_paths_are_not_reached() {
    let acme = Organization::sign_up().await;
    for path in [
        "/internal/v1/tenants",
        "/internal/openapi.json",
        "/metrics",
        "/healthz",
        "/api/v1/../../internal/v1/tenants",
        "/api/v1/%2e%2e/internal",
        "//internal/v1/tenants",
        "/api/v1/..;/internal",
        "/API/V1/projects",
        "/api/v1/projects%2f..",
        "/api/v1/projects%00",
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            acme.site.host(),
            acme.owner.access_token
        );
        let status = raw(&request).await.unwrap();
        assert!([400, 404].contains(&status), "{path}: {status}");
    }
    for method in [Method::TRACE, Method::CONNECT] {
        let request = format!(
            "{method} / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            acme.site.host()
        );
        let status = raw(&request).await.unwrap();
        assert!([400, 404, 405].contains(&status), "{method}: {status}");
    }
}

#[tokio::test]
async fn bare_domain_serves_sign_up_only() {
    let acme = Organization::sign_up().await;
    let bare = Front::door().bare().with_token(&acme.owner.access_token);
    for path in [
        "/api/v1/projects",
        "/api/v1/users",
        "/api/v1/links",
        "/s/abcdefghijkmnpqrstuvw",
    ] {
        assert_eq!(bare.get(path).await.status, 404, "{path}");
    }
    let login = json!({"email": acme.owner.email, "password": e2e::PASSWORD});
    assert_eq!(bare.post("/api/v1/auth/login", &login).await.status, 404);
    // And an organization's host does not sign up others.
    let body = e2e::sign_up_body(&unique("org"), "someone@example.com");
    assert!(
        acme.site
            .post("/api/v1/organizations", &body)
            .await
            .status
            .is_client_error()
    );
}

#[tokio::test]
async fn every_answer_tells_the_limits_and_the_request() {
    let acme = Organization::sign_up().await;
    let answer = acme.owner.api.get("/api/v1/projects").await.expect(200);
    for header in [
        "ratelimit",
        "ratelimit-policy",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-request-id",
    ] {
        assert!(
            answer.header(header).is_some(),
            "{header} in {:?}",
            answer.headers
        );
    }
    for header in [
        "x-content-type-options",
        "content-security-policy",
        "referrer-policy",
    ] {
        assert!(
            answer.header(header).is_some(),
            "{header} in {:?}",
            answer.headers
        );
    }
    assert!(answer.header("server").is_none());
}
