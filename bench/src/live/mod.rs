//! Many people at one board, each with a live connection to one gateway: how soon an event is at all of them, and what
//! a connection costs that hears nothing; then the gateway is restarted below them. All clients are in this process, on
//! the machine of the gateway.

mod line;
mod restart;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use url::Url;

use self::line::{CREATED, Joined, Line, PATIENCE};
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

/// Where clients are.
struct Place {
    gateway: Url,
    organization: Organization,
    /// The board's.
    room: String,
}

/// Measures on a system of its own.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let gateway = Gateway::from_environment()?;
    let organization = Organization::sign_up(&front()?).await?;
    let owner = &organization.owner;
    let project = created(owner, "/api/v1/projects", &json!({"name": "Apollo"})).await?;
    let path = format!("/api/v1/projects/{}", text(&project, "/id")?);
    let tasks = format!("{path}/tasks");
    let boards = found(owner, &format!("{path}/boards")).await?;
    let room = format!("board:{}", text(&boards, "/items/0/id")?);
    let place = Place {
        gateway: gateway.url,
        room,
        organization: organization.clone(),
    };

    let before = resident_bytes(gateway.process)?;
    let begun = Instant::now();
    let opening = (0..arguments.connections).map(|_| Line::open(&place, None));
    let lines: Vec<(Line, Joined)> = stream::iter(opening)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let opened = begun.elapsed();
    tokio::time::sleep(REST).await;
    let each = resident_bytes(gateway.process)?.saturating_sub(before) / lines.len().max(1);

    let events = arguments.events;
    let clients = lines
        .into_iter()
        .map(|(line, _)| tokio::spawn(tokio::time::timeout(PATIENCE * 10, listen(line, events))));
    let clients: Vec<_> = clients.collect();
    let mut told = Vec::new();
    for number in 0..events {
        told.push(Instant::now());
        let task = json!({"title": format!("Task {number}")});
        created(owner, &tasks, &task).await?;
        tokio::time::sleep(PAUSE).await;
    }
    let (mut all, mut last) = (Samples::new()?, Samples::new()?);
    let (mut latest, mut lines) = (told.clone(), Vec::new());
    for client in try_join_all(clients).await? {
        let (line, heard) = client??;
        lines.push(line);
        for ((heard, told), latest) in heard.into_iter().zip(&told).zip(&mut latest) {
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
    restart::run(&place, &tasks, lines, &mut report).await?;
    report.keep(arguments.json.as_deref())?;
    Ok(report)
}

/// When each of so many events came.
async fn listen(mut line: Line, events: usize) -> anyhow::Result<(Line, Vec<Instant>)> {
    let mut heard = Vec::with_capacity(events);
    while heard.len() < events {
        if line.next().await?.starts_with(CREATED) {
            heard.push(Instant::now());
        }
    }
    Ok((line, heard))
}

/// Memory of a process that is not swapped out (proc(5)).
fn resident_bytes(process: u32) -> anyhow::Result<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let line = line.context("no VmRSS")?.trim();
    let kilobytes: usize = line.trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024)
}
