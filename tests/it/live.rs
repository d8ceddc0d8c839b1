//! What one person does is seen by another at once, over a live connection through the front door.

use std::time::{Duration, Instant};

use e2e::{Organization, Person};
use futures::{SinkExt, StreamExt};
use kernel::Role;
use serde_json::{Value, json};
use testkit::setting;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

struct Live(WebSocketStream<TcpStream>);

impl Live {
    /// Connects as this person.
    async fn open(person: &Person) -> Self {
        let door = setting("TENANTRY_TEST_GATEWAY");
        let stream = TcpStream::connect(door.trim_start_matches("http://")).await;
        let url = format!(
            "ws://{}/socket.io/?EIO=4&transport=websocket",
            person.api.host()
        );
        let mut request = url.into_client_request().unwrap();
        let bearer = format!("Bearer {}", person.access_token).parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        let (line, _) = tokio_tungstenite::client_async(request, stream.unwrap())
            .await
            .unwrap();
        let mut live = Self(line);
        live.0.send(Message::text("40")).await.unwrap();
        live.next("42[\"welcome\"").await;
        live
    }

    async fn join(&mut self, room: &str) -> Value {
        let join = format!("420{}", json!(["join", {"room": room}]));
        self.0.send(Message::text(join)).await.unwrap();
        self.next("430").await
    }

    /// The next packet that begins like this, decoded.
    async fn next(&mut self, beginning: &str) -> Value {
        let packets = async {
            loop {
                let packet = self.0.next().await.unwrap().unwrap().into_text().unwrap();
                if packet.starts_with(beginning) {
                    let json = packet.trim_start_matches(|c: char| c.is_ascii_digit());
                    return serde_json::from_str(json).unwrap();
                }
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), packets).await;
        waited.expect("a packet")
    }
}

#[tokio::test]
async fn a_change_is_seen_by_others_at_once_and_the_end_of_a_session_by_its_connections() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let boards = format!(
        "/api/v1/projects/{}/boards",
        project["id"].as_str().unwrap()
    );
    let boards = acme.owner.api.get(&boards).await.expect(200).json();
    let board = &boards["items"][0];
    let member = acme.join(Role::Member).await;
    let mut live = Live::open(&member).await;
    let room = format!("board:{}", board["id"].as_str().unwrap());
    let joined = live.join(&room).await;
    assert_eq!(joined[0]["ok"], true, "{joined}");

    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let path = format!("/api/v1/projects/{}/tasks", project["id"].as_str().unwrap());
    let owner = &acme.owner.api;
    let request = owner.request(reqwest::Method::POST, &path);
    let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let since = Instant::now();
    let task = owner
        .send(request.json(&json!({"title": "Land on the moon"})))
        .await;
    let told = live.next("42[\"kanban:card:created\"").await;
    assert!(
        since.elapsed() < Duration::from_secs(1),
        "{:?}",
        since.elapsed()
    );
    assert_eq!(told[1]["data"]["task_id"], task.expect(201).json()["id"]);
    assert_eq!(told[1]["actor_id"], json!(acme.owner.id));
    assert_eq!(told[1]["trace_id"], trace, "by which its author knows it");
    assert!(!told.to_string().contains("moon"));

    let closed = json!({"public": false});
    let path = format!("/api/v1/projects/{}", project["id"].as_str().unwrap());
    let _ = owner.patch(&path, &closed).await.expect(200);
    let left = live.next("42[\"room:left\"").await;
    assert_eq!(left[1], json!({"room": room, "reason": "changed"}));
    assert_eq!(live.join(&room).await[0]["code"], "not_found");

    let since = Instant::now();
    member.api.post("/api/v1/auth/logout", &json!({})).await;
    let ended = live.next("42[\"live:closed\"").await;
    assert!(
        since.elapsed() < Duration::from_secs(1),
        "{:?}",
        since.elapsed()
    );
    assert_eq!(ended[1]["code"], "session_revoked");
}
