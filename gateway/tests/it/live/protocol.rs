//! The cases of the public suites of Engine.IO (protocol 4) and Socket.IO (protocol 5) that hold for any server, in
//! their order. The suites' own server sends packets back and has a second namespace; ours has neither.

use futures::SinkExt;
use kernel::Ids;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Line, Packet, QUERY, dial, dial_at, next};
use super::world::World;
use crate::support::{ACME, Answer, Door, config};

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

struct Polled {
    door: Door,
    token: String,
    sid: String,
}

impl Polled {
    async fn open() -> Self {
        let door = Door::open(&config());
        let token = door.token(ACME);
        let mut polled = Self {
            door,
            token,
            sid: String::new(),
        };
        let open = polled.ask("GET", POLLING, "").await;
        polled.sid = opened(&open)["sid"].as_str().unwrap().to_owned();
        polled
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let lines = format!(
            "authorization: Bearer {}\r\ncontent-length: {}\r\n",
            self.token,
            body.len()
        );
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: acme.pm.test\r\n{lines}\r\n{body}");
        self.door.raw(&request).await
    }

    async fn poll(&self) -> Answer {
        self.ask("GET", &format!("{POLLING}&sid={}", self.sid), "")
            .await
    }

    async fn post(&self, body: &str) -> Answer {
        self.ask("POST", &format!("{POLLING}&sid={}", self.sid), body)
            .await
    }

    async fn dial(&self, path: &str) -> Result<Line, u16> {
        let bearer = format!("Bearer {}", self.token);
        dial_at(&self.door, path, &[("authorization", &bearer)]).await
    }

    async fn upgrade(&self) -> Line {
        let path = format!("{QUERY}&sid={}", self.sid);
        self.dial(&path).await.unwrap()
    }
}

fn opened(answer: &Answer) -> Value {
    assert_eq!((answer.status, answer.body[0]), (200, b'0'));
    serde_json::from_slice(&answer.body[1..]).unwrap()
}

fn is_handshake(value: &Value, upgrades: &[&str]) {
    let mut keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(
        keys,
        [
            "maxPayload",
            "pingInterval",
            "pingTimeout",
            "sid",
            "upgrades"
        ]
    );
    assert_eq!(value["upgrades"], serde_json::json!(upgrades));
    assert_eq!(value["pingInterval"], 25_000);
    assert_eq!(value["pingTimeout"], 20_000);
    assert_eq!(value["maxPayload"], 16_384);
}

#[tokio::test]
async fn handshake_by_polling() {
    let polled = Polled::open().await;
    is_handshake(
        &opened(&polled.ask("GET", POLLING, "").await),
        &["websocket"],
    );
    for (method, query) in [
        ("GET", "transport=polling"),
        ("GET", "EIO=abc&transport=polling"),
        ("GET", "EIO=4"),
        ("GET", "EIO=4&transport=abc"),
        ("POST", "EIO=4&transport=polling"),
        ("PUT", "EIO=4&transport=polling"),
        ("GET", "EIO=4&transport=polling&sid=abc"),
    ] {
        let answer = polled
            .ask(method, &format!("/socket.io/?{query}"), "")
            .await;
        assert_eq!(answer.status, 400, "{method} {query}");
    }
}

#[tokio::test]
async fn handshake_by_websocket() {
    let polled = Polled::open().await;
    let mut line = polled.dial(QUERY).await.unwrap();
    let Packet::Other(open) = next(&mut line).await else {
        panic!("a handshake");
    };
    is_handshake(
        &serde_json::from_str(open.trim_start_matches('0')).unwrap(),
        &[],
    );
    for query in [
        "transport=websocket",
        "EIO=abc&transport=websocket",
        "EIO=4",
        "EIO=4&transport=abc",
        "EIO=4&transport=websocket&sid=abc",
    ] {
        let refused = polled.dial(&format!("/socket.io/?{query}")).await;
        assert_eq!(refused.unwrap_err(), 400, "{query}");
    }
}

#[tokio::test]
async fn messages_and_their_end_by_polling() {
    let polled = Polled::open().await;
    assert_eq!(polled.post("40").await.status, 200);
    let answer = polled.poll().await;
    let body = String::from_utf8(answer.body).unwrap();
    assert!(body.contains("40{"), "{body}");
    let several = "42[\"nothing\"]\u{1e}420[\"join\",{\"room\":\"x\"}]";
    assert_eq!(polled.post(several).await.status, 200);
    testkit::eventually("the acknowledgement comes", 5, async || {
        let body = String::from_utf8(polled.poll().await.body).unwrap();
        body.contains("430[{").then_some(())
    })
    .await;

    let (poll, close) = tokio::join!(polled.poll(), polled.post("1"));
    assert_eq!((poll.status, close.status), (200, 200));
    assert_eq!(poll.body, b"6", "the poll under way ends with a noop");
    assert_eq!(polled.poll().await.status, 400);
}

#[tokio::test]
async fn malformed_messages_end_the_session() {
    let polled = Polled::open().await;
    assert_eq!(polled.post("abc").await.status, 400);
    assert_eq!(polled.poll().await.status, 400);

    let mut line = polled.dial(QUERY).await.unwrap();
    next(&mut line).await;
    line.send(Message::text("abc")).await.unwrap();
    assert_eq!(next(&mut line).await, Packet::End);
}

#[tokio::test]
async fn two_polls_at_once_end_the_session() {
    let polled = Polled::open().await;
    // The first ping is there at once; what comes after it is waited for.
    assert_eq!(polled.poll().await.body, b"2");
    let (first, second) = tokio::join!(polled.poll(), polled.poll());
    let statuses = [first.status, second.status];
    assert!(statuses.contains(&400), "{statuses:?}");
    assert_eq!(polled.poll().await.status, 400);
}

#[tokio::test]
async fn upgrade_to_websocket_once() {
    let polled = Polled::open().await;
    let mut line = polled.upgrade().await;
    line.send(Message::text("2probe")).await.unwrap();
    assert_eq!(next(&mut line).await, Packet::Other("3probe".into()));
    line.send(Message::text("5")).await.unwrap();
    line.send(Message::text("40")).await.unwrap();
    next(&mut line).await;
    assert_eq!(polled.poll().await.status, 400);
    let mut second = polled.upgrade().await;
    assert_eq!(next(&mut second).await, Packet::End);
}

async fn connected(world: &World) -> Line {
    let user = Ids::system().next();
    let bearer = format!(
        "Bearer {}",
        world
            .door
            .token_of_person(world.of, user, kernel::Role::Member)
    );
    let mut line = dial(
        &world.door,
        &[("host", &world.host()), ("authorization", &bearer)],
    )
    .await
    .unwrap();
    next(&mut line).await;
    line
}

#[tokio::test]
async fn namespaces() {
    let world = World::new().await;
    for connect in ["40", "40{\"token\":\"123\"}"] {
        let mut line = connected(&world).await;
        line.send(Message::text(connect)).await.unwrap();
        let Packet::Other(answer) = next(&mut line).await else {
            panic!("a handshake");
        };
        let handshake: Value = serde_json::from_str(answer.trim_start_matches("40")).unwrap();
        assert_eq!(handshake.as_object().unwrap().len(), 1);
        assert!(handshake["sid"].is_string());
    }
    let mut line = connected(&world).await;
    line.send(Message::text("40/random")).await.unwrap();
    let refused = "44/random,{\"message\":\"Invalid namespace\"}";
    assert_eq!(next(&mut line).await, Packet::Other(refused.into()));

    line.send(Message::text("4abc")).await.unwrap();
    assert_eq!(next(&mut line).await, Packet::Other("1".into()));
    assert_eq!(next(&mut line).await, Packet::End);
}
