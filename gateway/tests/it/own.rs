use crate::support::{Door, config};

#[tokio::test]
async fn the_api_document_is_made_of_the_services_documents() {
    let door = Door::open(&config());
    let answer = door.get("pm.test", "/api/v1/openapi.json").await;
    let document = answer.json();
    assert_eq!(
        (answer.status, document["openapi"].as_str()),
        (200, Some("3.1.0"))
    );
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/api/v1/tasks"]);
}

#[tokio::test]
async fn the_document_s_browser_loads_nothing_from_elsewhere() {
    let door = Door::open(&config());
    let page = door.get("acme.pm.test", "/api/docs/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'; script-src 'self';")
    );
    let html = String::from_utf8(page.body).unwrap();
    assert!(
        !html.contains("http://") && !html.contains("https://"),
        "{html}"
    );
    for part in [
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-initializer.js",
    ] {
        assert_eq!(
            door.get("acme.pm.test", &format!("/api/docs/{part}"))
                .await
                .status,
            200,
            "{part}"
        );
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let door = Door::open(&config());
    for (host, path) in [
        ("pm.test", "/"),
        ("acme.pm.test", "/"),
        ("acme.pm.test", "/api/v1/tasks"),
        ("x.y", "/"),
        ("acme.pm.test", "/s/c"),
    ] {
        let answer = door.get(host, path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(
            answer
                .header("content-security-policy")
                .unwrap()
                .contains("frame-ancestors 'none'")
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.header("ratelimit").is_some());
        for gone in [
            "server",
            "x-powered-by",
            "x-tenantry-secret",
            "access-control-allow-origin",
            // Clients come by plain HTTP here.
            "strict-transport-security",
        ] {
            assert_eq!(answer.header(gone), None, "{gone} of {path}");
        }
    }
}

#[tokio::test]
async fn long_answers_are_compressed_for_who_asks() {
    let door = Door::open(&config());
    let plain = door.member("GET", "/api/v1/tasks", "").await;
    let small = door
        .member("GET", "/api/v1/tasks", "accept-encoding: gzip\r\n")
        .await;
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert!(small.body.len() < plain.body.len());
}

#[tokio::test]
async fn small_things_a_browser_asks_for_are_there() {
    let door = Door::open(&config());
    assert_eq!(door.get("pm.test", "/favicon.ico").await.status, 204);
    assert_eq!(door.get("pm.test", "/robots.txt").await.status, 200);
    assert_eq!(
        door.send("POST", "pm.test", "/", "content-length: 0\r\n")
            .await
            .status,
        405
    );
}
