use std::sync::atomic::Ordering;

use crate::support::{Door, config};

#[tokio::test]
async fn a_request_names_exactly_one_well_formed_host() {
    let door = Door::open(&config());
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: acme.pm.test\r\nhost: acme.pm.test\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: \r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a@b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a/b\r\n\r\n",
        "GET http://globex.pm.test/ HTTP/1.1\r\nhost: acme.pm.test\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: acme.pm.test:99999\r\n\r\n",
    ] {
        let answer = door.raw(request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "host_malformed"),
            "{request}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
    }
}

#[tokio::test]
async fn the_state_of_an_organization_decides_the_answer() {
    let door = Door::open(&config());
    for (host, status, code) in [
        ("frozen.pm.test", 403, "tenant_suspended"),
        ("unborn.pm.test", 503, "tenant_provisioning"),
        ("leaving.pm.test", 404, "tenant_unknown"),
        ("moving.pm.test", 401, "token_required"),
        ("migrating.pm.test", 401, "token_required"),
        ("nobody.pm.test", 404, "tenant_unknown"),
        ("acme.pm.test.evil.com", 404, "tenant_unknown"),
        ("a.acme.pm.test", 404, "tenant_unknown"),
        ("acme.pm.test", 401, "token_required"),
        ("ACME.pm.test.:8080", 401, "token_required"),
    ] {
        let answer = door.get(host, "/api/v1/tasks").await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{host}"
        );
        assert_eq!(
            answer.header("retry-after").is_some(),
            status == 503,
            "{host}"
        );
    }
}

#[tokio::test]
async fn the_bare_domain_serves_sign_up_and_no_organization_s_things() {
    let door = Door::open(&config());
    let on_bare = async |method: &str, path: &str| {
        door.send(method, "pm.test:8080", path, "content-length: 0\r\n")
            .await
            .status
    };
    let on_tenant = async |method: &str, path: &str| {
        door.send(method, "acme.pm.test", path, "content-length: 0\r\n")
            .await
            .status
    };
    assert_eq!(on_bare("POST", "/api/v1/organizations").await, 200);
    assert_eq!(on_bare("GET", "/api/v1/subdomains/acme").await, 200);
    assert_eq!(on_bare("GET", "/.well-known/jwks.json").await, 200);
    for path in ["/api/v1/tasks", "/api/v1/auth/login", "/s/code"] {
        assert_eq!(on_bare("POST", path).await, 404, "{path}");
    }
    assert_eq!(on_tenant("POST", "/api/v1/organizations").await, 404);
    assert_eq!(on_tenant("POST", "/api/v1/auth/login").await, 200);
    assert_eq!(on_tenant("GET", "/s/code").await, 200);
}

#[tokio::test]
async fn names_that_strangers_guess_cost_the_resolver_little() {
    let door = Door::open(&config());
    for _ in 0..10 {
        assert_eq!(door.get("nobody.pm.test", "/").await.status, 404);
        assert_eq!(door.get("acme.pm.test", "/").await.status, 200);
    }
    assert_eq!(door.resolver.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn known_organizations_are_served_while_the_resolver_is_away() {
    let door = Door::open(&config());
    assert_eq!(door.get("acme.pm.test", "/").await.status, 200);
    door.resolver.away.store(true, Ordering::Relaxed);
    assert_eq!(door.get("acme.pm.test", "/").await.status, 200);
    let answer = door.get("globex.pm.test", "/").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "tenant_lookup_unavailable")
    );
}
