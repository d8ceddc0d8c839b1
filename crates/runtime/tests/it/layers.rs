use axum::Router;
use axum::routing::{get, post};
use kernel::Ids;
use runtime::layers;
use runtime::listener::Limits;

use crate::support::{Answer, Client, serve};

async fn ask(request: &str) -> Answer {
    let router = Router::new()
        .route(
            "/id",
            get(async || {
                httpkit::context::current()
                    .map(|context| context.request_id.clone())
                    .unwrap_or_default()
            }),
        )
        .route("/panic", get(async || -> &'static str { panic!("secret") }))
        .route("/echo", post(async |body: String| body));
    let server = serve(layers::wrap(router, Ids::system()), Limits::default());
    Client::connect(server.address)
        .await
        .send(request)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_gateway_s_request_id_is_the_request_s() {
    let answer = ask("GET /id HTTP/1.1\r\nhost: a\r\nx-request-id: r-1\r\n\r\n").await;
    assert_eq!(answer.body, "r-1");
    assert_eq!(
        ask("GET /id HTTP/1.1\r\nhost: a\r\n\r\n").await.body.len(),
        36
    );
}

#[tokio::test]
async fn a_panic_becomes_a_problem_that_says_nothing() {
    let answer = ask("GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(answer.status, 500);
    assert!(answer.head.contains("application/problem+json"));
    assert!(!answer.body.contains("secret"));
}

#[tokio::test]
async fn what_has_no_route_is_a_problem() {
    let missing = ask("GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(
        (missing.status, missing.body.contains("not_found")),
        (404, true)
    );
    let method = ask("DELETE /echo HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(
        (method.status, method.body.contains("method_not_allowed")),
        (405, true)
    );
}

#[tokio::test]
async fn a_body_declared_too_large_is_refused_unread() {
    let answer = ask("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999\r\n\r\n").await;
    assert_eq!(
        (answer.status, answer.body.contains("body_too_large")),
        (413, true)
    );
}
