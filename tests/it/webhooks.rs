//! What happens in an organization reaches the address that its admin named, signed.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use e2e::Organization;
use serde_json::{Value, json};
use testkit::eventually;
use tokio::net::TcpListener;

type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A server that keeps what it is sent; answers its address too.
async fn receiver() -> (String, Received) {
    async fn keep(State(received): State<Received>, headers: HeaderMap, body: Bytes) {
        received.lock().unwrap().push((headers, body));
    }
    let received = Received::default();
    let router = Router::new()
        .fallback(keep)
        .with_state(Arc::clone(&received));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

#[tokio::test]
async fn new_task_is_told_to_a_webhook_within_two_seconds() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let (url, received) = receiver().await;
    let webhook = json!({"url": url, "events": ["task.created"]});
    let made = acme.owner.api.post("/api/v1/webhooks", &webhook).await;
    let made = made.expect(201).json();

    let task = acme.task(&project, "Land on the moon").await;
    let (headers, body) = eventually("the receiver is told", 2, async || {
        received.lock().unwrap().pop()
    })
    .await;

    let secret = made["secret"].as_str().unwrap();
    let verifier = standardwebhooks::Webhook::new(secret).unwrap();
    verifier.verify(&body, &headers).unwrap();
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(told["type"], "task.created");
    assert_eq!(told["data"]["task_id"], task["id"]);
    assert!(!String::from_utf8_lossy(&body).contains("moon"));
}
