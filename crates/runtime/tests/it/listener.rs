use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use runtime::listener::{Deadlines, Limits};
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

use crate::support::{Client, serve};

fn router() -> Router {
    Router::new()
        .route(
            "/peer",
            get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()),
        )
        .route("/echo", post(async |body: String| body))
}

/// Shorter than the rest, so that only the deadline in question can have ended a connection.
const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(5);

fn deadlines(deadlines: Deadlines) -> Limits {
    Limits {
        deadlines,
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_header_that_never_ends_loses_its_connection() {
    let limits = deadlines(Deadlines {
        header: SHORT,
        ..Deadlines::default()
    });
    let server = serve(router(), limits);
    let mut client = Client::connect(server.address).await;
    client
        .0
        .write_all(b"GET /peer HTTP/1.1\r\nhost: a\r\nx-slow: ")
        .await
        .unwrap();
    let started = Instant::now();
    client.until_closed().await;
    assert!(started.elapsed() < LONG, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_body_that_never_ends_loses_its_connection() {
    let limits = deadlines(Deadlines {
        body_idle: SHORT,
        ..Deadlines::default()
    });
    let server = serve(router(), limits);
    let mut client = Client::connect(server.address).await;
    client
        .0
        .write_all(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf")
        .await
        .unwrap();
    let started = Instant::now();
    let said = client.until_closed().await;
    assert!(!said.contains("200 OK"), "{said}");
    assert!(started.elapsed() < LONG, "{:?}", started.elapsed());
}

#[tokio::test]
async fn handlers_see_the_peer_and_connections_are_kept() {
    let server = serve(router(), Limits::default());
    let mut client = Client::connect(server.address).await;
    let local = client.0.local_addr().unwrap().to_string();
    for _ in 0..3 {
        let answer = client
            .send("GET /peer HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(answer.body, local);
    }
}

#[tokio::test]
async fn headers_beyond_the_limit_are_refused() {
    let server = serve(router(), Limits::default());
    let mut client = Client::connect(server.address).await;
    let request = format!(
        "GET /peer HTTP/1.1\r\nhost: a\r\nx-big: {}\r\n\r\n",
        "x".repeat(64 * 1024)
    );
    let _ = client.0.write_all(request.as_bytes()).await;
    assert!(!client.until_closed().await.contains("200 OK"));
}

#[tokio::test]
async fn one_address_gets_no_more_connections_than_its_cap() {
    let server = serve(
        router(),
        Limits {
            per_address: Some(1),
            ..Limits::default()
        },
    );
    let mut first = Client::connect(server.address).await;
    let request = "GET /peer HTTP/1.1\r\nhost: a\r\n\r\n";
    assert_eq!(first.send(request).await.unwrap().status, 200);
    let mut second = Client::connect(server.address).await;
    assert!(second.send(request).await.is_err());
    assert_eq!(first.send(request).await.unwrap().status, 200);
}

#[tokio::test]
async fn requests_that_can_be_read_in_two_ways_are_refused() {
    let server = serve(router(), Limits::default());
    let both = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    for request in [
        both,
        "GET /peer HTTP/1.1\nhost: a\n\n",
        "GET /peer HTTP/1.1\r\nhost: a\nx-a: 1\r\n\r\n",
        "GET /peer HTTP/1.1\r\nhost: a\r\nx-a: 1\n\r\n",
        "GET /peer HTTP/1.1\r\nhost: a\r\n\n",
    ] {
        for before in 0..2 {
            let mut client = Client::connect(server.address).await;
            for _ in 0..before {
                let good = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\na\n\nb";
                let answer = client.send(good).await.unwrap();
                assert_eq!((answer.status, answer.body.as_str()), (200, "a\n\nb"));
            }
            let answer = client.send(request).await.unwrap();
            assert_eq!(answer.status, 400, "{request:?}");
            assert!(answer.closes(), "{request:?}");
        }
    }
}
