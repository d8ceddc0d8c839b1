//! Clients that ask one server without pause, over connections they keep. Written for this alone: a
//! general client would take more of the machine than what is measured.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use futures::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::samples::Samples;

/// Who is asked for what.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) address: SocketAddr,
    /// Whole requests, asked in turn.
    pub(crate) requests: Arc<[String]>,
    /// What the answer must begin with, `HTTP/1.1 302`.
    pub(crate) expected: &'static str,
}

/// What came of it.
pub(crate) struct Answered {
    pub(crate) samples: Samples,
    pub(crate) took: Duration,
}

impl Answered {
    pub(crate) fn count(&self) -> u64 {
        self.samples.len()
    }

    /// Answers a second.
    #[expect(clippy::cast_precision_loss, reason = "some millions")]
    pub(crate) fn rate(&self) -> f64 {
        self.count() as f64 / self.took.as_secs_f64()
    }
}

/// Where a server of this machine listens.
pub(crate) fn address(base: &Url) -> anyhow::Result<SocketAddr> {
    let found = base.socket_addrs(|| None)?;
    found.into_iter().next().context("an address of a service")
}

/// So many clients ask for a while; with a `pause` each waits between two questions.
pub(crate) async fn ask(
    question: &Question,
    clients: usize,
    length: Duration,
    pause: Option<Duration>,
) -> anyhow::Result<Answered> {
    let begun = Instant::now();
    let clients = (0..clients).map(|number| {
        let question = question.clone();
        tokio::spawn(async move { client(&question, number, begun, length, pause).await })
    });
    let mut samples = Samples::new()?;
    for client in try_join_all(clients).await? {
        samples.merge(&client?)?;
    }
    let took = begun.elapsed();
    Ok(Answered { samples, took })
}

async fn client(
    question: &Question,
    number: usize,
    begun: Instant,
    length: Duration,
    pause: Option<Duration>,
) -> anyhow::Result<Samples> {
    let mut samples = Samples::new()?;
    let mut connection = Connection::open(question.address).await?;
    let mut requests = question.requests.iter().cycle().skip(number * 101);
    if let Some(pause) = pause {
        // Not all at the same moment.
        let part = u32::try_from(number % 16)?;
        tokio::time::sleep(pause * part / 16).await;
    }
    while begun.elapsed() < length {
        let request = requests.next().context("nothing to ask")?;
        let asked = Instant::now();
        let status = connection.ask(request).await?;
        samples.add(asked.elapsed());
        ensure!(status.starts_with(question.expected), "answered {status}");
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
    Ok(samples)
}

/// A connection that is kept.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = Vec::with_capacity(8 * 1024);
        Ok(Self { stream, buffer })
    }

    /// Asks and reads the whole answer; answers its first line.
    async fn ask(&mut self, request: &str) -> anyhow::Result<String> {
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            ensure!(
                self.stream.read_buf(&mut self.buffer).await? > 0,
                "the server hung up"
            );
            let Some((head, body)) = split(&self.buffer) else {
                continue;
            };
            if body.len() >= length(head)? {
                let line = head.lines().next().unwrap_or_default();
                return Ok(line.to_owned());
            }
        }
    }
}

fn split(answer: &[u8]) -> Option<(&str, &[u8])> {
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n")?;
    let (head, body) = answer.split_at_checked(end + 4)?;
    Some((std::str::from_utf8(head).ok()?, body))
}

fn length(head: &str) -> anyhow::Result<usize> {
    for line in head.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            return Ok(value.trim().parse()?);
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("an answer of no known length");
        }
    }
    Ok(0)
}
