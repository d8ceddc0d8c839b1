//! One live connection: Socket.IO over a WebSocket, by hand, so that thousands cost little.

use std::time::Duration;

use anyhow::{Context, ensure};
use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::Place;
use crate::client::address;

/// Longest wait for a packet.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What the packet of a new task begins with.
pub(super) const CREATED: &str = "42[\"kanban:card:created\"";

/// A connection in the room.
pub(super) struct Line(WebSocketStream<TcpStream>);

/// What the gateway said to a `join`.
pub(super) struct Joined {
    /// The events that it sent again before.
    pub(super) replayed: Vec<String>,
    /// What comes later is after this.
    pub(super) cursor: Option<String>,
    /// Whether all is to be loaded anew.
    pub(super) refetch: bool,
}

impl Line {
    /// Connects and joins, to hear what was told after an event.
    pub(super) async fn open(place: &Place, after: Option<&str>) -> anyhow::Result<(Self, Joined)> {
        #[derive(Deserialize)]
        struct Answer {
            ok: bool,
            cursor: Option<String>,
            #[serde(default)]
            refetch: bool,
        }

        let stream = TcpStream::connect(address(&place.gateway)?).await?;
        let host = place.organization.site.host();
        let url = format!("ws://{host}/socket.io/?EIO=4&transport=websocket");
        let mut request = url.into_client_request()?;
        let bearer = format!("Bearer {}", place.organization.token).parse()?;
        request.headers_mut().insert("authorization", bearer);
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        let mut line = Self(socket);
        line.send("40").await?;
        while !line.next().await?.starts_with("42[\"welcome\"") {}
        let join = json!(["join", {"room": place.room, "after": after}]);
        line.send(&format!("420{join}")).await?;
        let mut replayed = Vec::new();
        let answer = loop {
            let packet = line.next().await?;
            if packet.starts_with(CREATED) {
                replayed.push(packet);
            } else if let Some(answer) = packet.strip_prefix("430") {
                break answer.to_owned();
            }
        };
        let [said]: [Answer; 1] = serde_json::from_str(&answer)?;
        ensure!(said.ok, "join: {answer}");
        let joined = Joined {
            replayed,
            cursor: said.cursor,
            refetch: said.refetch,
        };
        Ok((line, joined))
    }

    /// The next packet that is no ping.
    pub(super) async fn next(&mut self) -> anyhow::Result<String> {
        loop {
            let packet = tokio::time::timeout(PATIENCE, self.0.next()).await;
            let packet = packet
                .context("nothing came")?
                .context("the connection ended")??;
            let packet = packet.into_text()?;
            match packet.as_str() {
                "2" => self.send("3").await?,
                text => return Ok(text.to_owned()),
            }
        }
    }

    async fn send(&mut self, packet: &str) -> anyhow::Result<()> {
        Ok(self.0.send(Message::text(packet)).await?)
    }
}
