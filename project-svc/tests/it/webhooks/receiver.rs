//! Who webhooks lead to: a server that keeps what it is sent and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde_json::Value;

use crate::neighbours::listen;
use crate::world::eventually;

/// What came in.
#[derive(Clone)]
pub(super) struct Received {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether it is signed with the secret, by the standard's own library, whatever the time is.
    pub(super) fn is_signed_with(&self, secret: &str) -> bool {
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let expected = webhook.sign(id, time.parse().unwrap(), &self.body).unwrap();
        let signatures = self.header("webhook-signature");
        signatures.split(' ').any(|signature| signature == expected)
    }
}

/// How it answers.
#[derive(Clone, Copy)]
pub(super) enum Reply {
    Status(u16),
    /// 302 to itself.
    Elsewhere,
    /// 503 with `Retry-After` in seconds.
    Later(u32),
    /// Never.
    Silence,
    /// This status, and a body without end.
    Endless(u16),
}

#[derive(Default)]
struct Kept {
    received: Vec<Received>,
    replies: VecDeque<Reply>,
    always: Option<Reply>,
}

/// The server. Answers 204 unless told otherwise.
#[derive(Clone)]
pub(super) struct Receiver {
    kept: Arc<Mutex<Kept>>,
    pub(super) url: String,
}

impl Receiver {
    pub(super) async fn new() -> Self {
        let kept = Arc::<Mutex<Kept>>::default();
        let router = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&kept));
        let url = format!("{}/hooks", listen(router).await);
        Self { kept, url }
    }

    /// How the next requests are answered.
    pub(super) fn reply(&self, replies: &[Reply]) {
        self.kept.lock().unwrap().replies.extend(replies);
    }

    /// How all others are answered.
    pub(super) fn always(&self, reply: Reply) {
        self.kept.lock().unwrap().always = Some(reply);
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.kept.lock().unwrap().received.clone()
    }

    /// Waits for so many requests in all.
    pub(super) async fn wait_for(&self, count: usize) -> Vec<Received> {
        let what = format!("{count} requests");
        eventually(&what, async || self.received().len() >= count).await;
        let received = self.received();
        assert_eq!(received.len(), count);
        received
    }
}

async fn receive(
    State(kept): State<Arc<Mutex<Kept>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let reply = {
        let mut kept = kept.lock().unwrap();
        kept.received.push(Received { headers, body });
        let next = kept.replies.pop_front().or(kept.always);
        next.unwrap_or(Reply::Status(204))
    };
    let response = Response::builder();
    let response = match reply {
        Reply::Status(status) => response
            .status(status)
            .body(Body::from("no\tmore \u{7}of this")),
        Reply::Elsewhere => response
            .status(302)
            .header("location", "/elsewhere")
            .body(Body::empty()),
        Reply::Later(seconds) => response
            .status(503)
            .header("retry-after", seconds)
            .body(Body::empty()),
        Reply::Silence => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            response.body(Body::empty())
        }
        Reply::Endless(status) => {
            let drops = futures::stream::repeat_with(|| Ok::<_, std::io::Error>("drop by drop. "));
            response.status(status).body(Body::from_stream(drops))
        }
    };
    response.unwrap()
}
