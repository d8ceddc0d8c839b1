//! A Socket.IO client that shows every packet.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use http::Request;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::Door;

/// Longest wait for something that has to come.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) const QUERY: &str = "/socket.io/?EIO=4&transport=websocket";

pub(super) type Line = WebSocketStream<TcpStream>;

/// A packet of the server, as far as tests care.
#[derive(Debug, PartialEq)]
pub(super) enum Packet {
    Event(String, Value),
    Ack(Value),
    Other(String),
    End,
}

pub(super) struct Client {
    pub(super) line: Line,
    pub(super) welcome: Value,
    seen: VecDeque<(String, Value)>,
}

/// Opens a WebSocket, or says with what status that was refused.
pub(super) async fn dial(door: &Door, headers: &[(&str, &str)]) -> Result<Line, u16> {
    dial_at(door, QUERY, headers).await
}

pub(super) async fn dial_at(
    door: &Door,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<Line, u16> {
    let socket = TcpSocket::new_v4().unwrap();
    // Small, so that a client that does not read is noticed soon.
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    let stream = socket.connect(door.address).await.unwrap();
    let mut request: Request<()> = format!("ws://acme.pm.test{path}")
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((line, _)) => Ok(line),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

impl Client {
    pub(super) async fn open(door: &Door, host: &str, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        let line = dial(door, &[("host", host), ("authorization", &bearer)]).await;
        Self::begin(line.unwrap()).await
    }

    /// Connects to the main namespace.
    pub(super) async fn begin(mut line: Line) -> Self {
        assert!(matches!(next(&mut line).await, Packet::Other(open) if open.starts_with('0')));
        line.send(Message::text("40")).await.unwrap();
        assert!(matches!(next(&mut line).await, Packet::Other(sid) if sid.starts_with("40{")));
        let mut client = Self {
            line,
            welcome: Value::Null,
            seen: VecDeque::new(),
        };
        client.welcome = client.event("welcome").await;
        client
    }

    pub(super) async fn emit(&mut self, name: &str, body: &Value) {
        let text = format!("42{}", json!([name, body]));
        self.line.send(Message::text(text)).await.unwrap();
    }

    /// Sends and waits for the acknowledgement; events that come meanwhile are kept.
    pub(super) async fn ask(&mut self, name: &str, body: &Value) -> Value {
        let text = format!("420{}", json!([name, body]));
        self.line.send(Message::text(text)).await.unwrap();
        loop {
            match next(&mut self.line).await {
                Packet::Ack(answer) => return answer,
                Packet::Event(name, body) => self.seen.push_back((name, body)),
                other => panic!("{other:?}"),
            }
        }
    }

    pub(super) async fn join(&mut self, room: &str) -> Value {
        self.ask("join", &json!({"room": room})).await
    }

    pub(super) async fn joined(&mut self, room: &str) -> Value {
        let answer = self.join(room).await;
        assert_eq!(answer["ok"], true, "{answer}");
        answer
    }

    /// The next event, whatever it is.
    pub(super) async fn next(&mut self) -> (String, Value) {
        if let Some(seen) = self.seen.pop_front() {
            return seen;
        }
        match next(&mut self.line).await {
            Packet::Event(name, body) => (name, body),
            other => panic!("{other:?}"),
        }
    }

    /// The next event, which must be this one.
    pub(super) async fn event(&mut self, expected: &str) -> Value {
        let (name, body) = self.next().await;
        assert_eq!(name, expected, "{body}");
        body
    }

    /// Why the server ends the connection: it must say so, disconnect and close.
    pub(super) async fn end(&mut self) -> String {
        let code = self.event("live:closed").await["code"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(next(&mut self.line).await, Packet::Other("41".into()));
        assert_eq!(next(&mut self.line).await, Packet::End);
        code
    }
}

/// The next packet that is not a ping.
pub(super) async fn next(line: &mut Line) -> Packet {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let message = tokio::time::timeout(left, line.next())
            .await
            .expect("a packet");
        let text = match message {
            Some(Ok(Message::Text(text))) => text.to_string(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            _ => return Packet::End,
        };
        if text == "2" {
            line.send(Message::text("3")).await.unwrap();
        } else if let Some(event) = text.strip_prefix("42") {
            let (name, body) = serde_json::from_str(event).unwrap();
            return Packet::Event(name, body);
        } else if let Some(ack) = text.strip_prefix("430") {
            let [answer]: [Value; 1] = serde_json::from_str(ack).unwrap();
            return Packet::Ack(answer);
        } else {
            return Packet::Other(text);
        }
    }
}
