//! A server on a free port and a client that hides nothing: it never retries.

use std::net::SocketAddr;

use axum::Router;
use runtime::Drain;
use runtime::listener::{self, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) drain: Drain,
}

pub(crate) fn serve(router: Router, limits: Limits) -> Server {
    let socket = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let drain = Drain::default();
    tokio::spawn(listener::serve(socket, router, limits, drain.clone()));
    Server { address, drain }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn closes(&self) -> bool {
        self.head.contains("\r\nconnection: close")
    }
}

pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn send(&mut self, request: &str) -> std::io::Result<Answer> {
        self.0.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        loop {
            if let Some(answer) = whole(&bytes) {
                return Ok(answer);
            }
            if self.0.read_buf(&mut bytes).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// What the server still says until it closes.
    pub(crate) async fn until_closed(mut self) -> String {
        let mut text = String::new();
        let _ = self.0.read_to_string(&mut text).await;
        text
    }
}

fn whole(bytes: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let head = head.to_ascii_lowercase();
    let (_, length) = head.split_once("content-length: ")?;
    let length: usize = length.lines().next()?.parse().ok()?;
    let status = head.get(9..12)?.parse().ok()?;
    (body.len() >= length).then(|| Answer {
        status,
        body: body.to_owned(),
        head,
    })
}
