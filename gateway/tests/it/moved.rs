//! Organizations under a former name.

use std::sync::atomic::Ordering;

use crate::support::{Answer, Door, config};

const FORMER: &str = "former.pm.test";

async fn sent_on(door: &Door, method: &str, path: &str) -> Answer {
    let answer = door
        .send(method, FORMER, path, "content-length: 0\r\n")
        .await;
    assert_eq!(answer.status, 308, "{method} {path}: {answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer
}

#[tokio::test]
async fn a_former_name_sends_every_request_on_as_it_is() {
    let door = Door::open(&config());
    let long = format!("/api/v1/tasks?q={}", "a%20b&c=%2F".repeat(50));
    for path in [
        "/",
        "/?",
        "/api/v1/tasks?limit=5&x=%0d%0ay",
        "/s/code?to=//evil.com",
        "/no/such/path",
        &long,
    ] {
        for method in ["GET", "HEAD", "POST", "DELETE"] {
            let answer = sent_on(&door, method, path).await;
            let expected = format!("http://acme.pm.test:8080{path}");
            assert_eq!(answer.header("location"), Some(expected.as_str()));
        }
    }
}

#[tokio::test]
async fn a_redirect_leads_to_our_own_domain_alone() {
    let door = Door::open(&config());
    for path in ["//evil.com", "/\\evil.com", "/%0d%0ax: y", "/..//evil.com"] {
        assert_eq!(door.get(FORMER, path).await.status, 400, "{path}");
    }
    // The port that the client names, and the form in which it asks, change nothing.
    for request in [
        "GET /x HTTP/1.1\r\nhost: FORMER.pm.test.:9999\r\n\r\n",
        "GET http://former.pm.test:99/x HTTP/1.1\r\nhost: former.pm.test:99\r\n\r\n",
        "GET /x HTTP/1.1\r\nhost: former.pm.test\r\nx-forwarded-host: evil.com\r\n\r\n",
    ] {
        let answer = door.raw(request).await;
        let location = answer.header("location");
        assert_eq!(location, Some("http://acme.pm.test:8080/x"), "{request}");
    }
    for host in ["pm.test", "acme.pm.test"] {
        let answer = door.get(host, "/").await;
        assert_eq!((answer.status, answer.header("location")), (200, None));
    }
}

#[tokio::test]
async fn the_address_s_limit_counts_under_a_former_name_too() {
    let door = Door::open(&gateway::Config {
        address_per_minute: std::num::NonZeroU32::new(2).unwrap(),
        ..config()
    });
    sent_on(&door, "GET", "/").await;
    sent_on(&door, "GET", "/").await;
    assert_eq!(door.get(FORMER, "/").await.status, 429);
    assert_eq!(door.resolver.asked.load(Ordering::Relaxed), 1);
}
