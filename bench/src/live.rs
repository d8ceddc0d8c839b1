//! Many people at one board, each with a live connection to one gateway: how soon an event is at all of them, and what
//! a connection costs that hears nothing. All clients are in this process, on the machine of the gateway.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use futures::future::try_join_all;
use futures::{SinkExt, StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::client::address;
use crate::organization::{Organization, created, found, text};
use crate::report::Report;
use crate::samples::Samples;
use crate::settings::{Gateway, front};

const PART: &str = "live";
/// Connections that are opened at the same time.
const AT_ONCE: usize = 32;
/// Longest p99 of a delivery, from before the request that causes it.
const BAR_MS: f64 = 500.0;
/// Between two events.
const PAUSE: Duration = Duration::from_millis(500);
/// For connections to come to rest.
const REST: Duration = Duration::from_secs(5);
/// Longest wait for an event.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Connections, all in the room of one board
    #[arg(long, default_value_t = 2000)]
    connections: usize,
    /// Events told to all of them, one after the other
    #[arg(long, default_value_t = 40)]
    events: usize,
    /// Also write the figures to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures on a system of its own.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let gateway = Gateway::from_environment()?;
    let organization = Organization::sign_up(&front()?).await?;
    let owner = &organization.owner;
    let project = created(owner, "/api/v1/projects", &json!({"name": "Apollo"})).await?;
    let path = format!("/api/v1/projects/{}", text(&project, "/id")?);
    let boards = found(owner, &format!("{path}/boards")).await?;
    let room = format!("board:{}", text(&boards, "/items/0/id")?);

    let before = resident_bytes(gateway.process)?;
    let begun = Instant::now();
    let opening = (0..arguments.connections).map(|_| open(&gateway, &organization, &room));
    let lines: Vec<_> = stream::iter(opening)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let opened = begun.elapsed();
    tokio::time::sleep(REST).await;
    let each = resident_bytes(gateway.process)?.saturating_sub(before) / lines.len().max(1);

    let events = arguments.events;
    let clients = lines
        .into_iter()
        .map(|line| tokio::spawn(tokio::time::timeout(PATIENCE * 10, listen(line, events))));
    let clients: Vec<_> = clients.collect();
    let mut told = Vec::new();
    for number in 0..events {
        told.push(Instant::now());
        let task = json!({"title": format!("Task {number}")});
        created(owner, &format!("{path}/tasks"), &task).await?;
        tokio::time::sleep(PAUSE).await;
    }
    let (mut all, mut last) = (Samples::new()?, Samples::new()?);
    let mut latest = told.clone();
    for client in try_join_all(clients).await? {
        for ((heard, told), latest) in client??.into_iter().zip(&told).zip(&mut latest) {
            all.add(heard.duration_since(*told));
            *latest = heard.max(*latest);
        }
    }
    for (latest, told) in latest.iter().zip(&told) {
        last.add(latest.duration_since(*told));
    }

    let mut report = Report::default();
    let count = arguments.connections;
    #[expect(clippy::cast_precision_loss, reason = "some thousands, some kilobytes")]
    let (rate, kib) = (count as f64 / opened.as_secs_f64(), each as f64 / 1024.0);
    report.note(
        PART,
        format!("{count} connections opened and joined"),
        rate,
        "/s",
    );
    report.note(PART, "memory of the gateway for each", kib, "KiB");
    report.note(PART, "an event at a client, p50", all.ms(50.0), "ms");
    report.at_most(
        PART,
        "an event at a client, p99",
        all.ms(99.0),
        "ms",
        BAR_MS,
    );
    report.note(
        PART,
        "an event at the last client, p50",
        last.ms(50.0),
        "ms",
    );
    report.keep(arguments.json.as_deref())?;
    Ok(report)
}

type Line = WebSocketStream<TcpStream>;

/// A connection in the room.
async fn open(gateway: &Gateway, of: &Organization, room: &str) -> anyhow::Result<Line> {
    let stream = TcpStream::connect(address(&gateway.url)?).await?;
    let url = format!(
        "ws://{}/socket.io/?EIO=4&transport=websocket",
        of.site.host()
    );
    let mut request = url.into_client_request()?;
    let bearer = format!("Bearer {}", of.token).parse()?;
    request.headers_mut().insert("authorization", bearer);
    let (mut line, _) = tokio_tungstenite::client_async(request, stream).await?;
    line.send(Message::text("40")).await?;
    next(&mut line, "42[\"welcome\"").await?;
    let join = format!("420{}", json!(["join", {"room": room}]));
    line.send(Message::text(join)).await?;
    let answer = next(&mut line, "430").await?;
    ensure!(answer.contains("\"ok\":true"), "join: {answer}");
    Ok(line)
}

/// When each of so many events came.
async fn listen(mut line: Line, events: usize) -> anyhow::Result<Vec<Instant>> {
    let mut heard = Vec::with_capacity(events);
    while heard.len() < events {
        next(&mut line, "42[\"kanban:card:created\"").await?;
        heard.push(Instant::now());
    }
    Ok(heard)
}

/// The next packet that begins like this.
async fn next(line: &mut Line, beginning: &str) -> anyhow::Result<String> {
    loop {
        let packet = tokio::time::timeout(PATIENCE, line.next()).await;
        let packet = packet
            .context("nothing came")?
            .context("the connection ended")??;
        let packet = packet.into_text()?;
        if packet == "2" {
            line.send(Message::text("3")).await?;
        } else if packet.starts_with(beginning) {
            return Ok(packet.to_string());
        }
    }
}

/// Memory of a process that is not swapped out (proc(5)).
fn resident_bytes(process: u32) -> anyhow::Result<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let line = line.context("no VmRSS")?.trim();
    let kilobytes: usize = line.trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024)
}
