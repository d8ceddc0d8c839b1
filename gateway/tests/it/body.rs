use crate::support::{Door, config};

const LIMIT: usize = 1024 * 1024;

#[tokio::test]
async fn bodies_up_to_the_limit_pass_whole() {
    let door = Door::open(&config());
    for bytes in [0, 1, LIMIT] {
        let body = format!("content-length: {bytes}\r\n\r\n{}", "x".repeat(bytes));
        let request = format!("POST /api/v1/auth/login HTTP/1.1\r\nhost: acme.pm.test\r\n{body}");
        assert_eq!(door.raw(&request).await.json()["bytes"], bytes);
    }
    let chunked = "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let request = format!("POST /api/v1/auth/login HTTP/1.1\r\nhost: acme.pm.test\r\n{chunked}");
    assert_eq!(door.raw(&request).await.json()["bytes"], 5);
}

#[tokio::test]
async fn a_body_declared_beyond_the_limit_is_refused_unread() {
    let door = Door::open(&config());
    let answer = door
        .send(
            "POST",
            "acme.pm.test",
            "/api/v1/auth/login",
            "content-length: 1048577\r\n",
        )
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (413, "body_too_large")
    );
}

#[tokio::test]
async fn a_body_without_end_is_cut_off_at_the_limit() {
    let door = Door::open(&config());
    let chunk = format!("8000\r\n{}\r\n", "x".repeat(0x8000)).repeat(40);
    let request = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: acme.pm.test\r\ntransfer-encoding: chunked\r\n\r\n{chunk}"
    );
    let answer = door.raw(&request).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (413, "body_too_large")
    );
}

#[tokio::test]
async fn requests_that_can_be_read_in_two_ways_are_refused() {
    let door = Door::open(&config());
    for (headers, status) in [
        ("transfer-encoding: identity, chunked\r\n", 400),
        (
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
            400,
        ),
        ("content-encoding: gzip\r\ncontent-length: 0\r\n", 415),
    ] {
        let answer = door
            .send("POST", "acme.pm.test", "/api/v1/auth/login", headers)
            .await;
        assert_eq!(answer.status, status, "{headers}");
    }
    for (method, status) in [("TRACE", 405), ("CONNECT", 405), ("BREW", 405)] {
        let answer = door.send(method, "acme.pm.test", "/api/v1/tasks", "").await;
        assert_eq!(answer.status, status, "{method}");
        assert!(answer.header("allow").is_some());
    }
    let long = format!("/api/v1/tasks?{}", "q".repeat(9000));
    assert_eq!(door.member("GET", &long, "").await.status, 414);
}
