//! The gateway ends and begins again below all clients, while tasks are made behind it. A client comes back as a page
//! does: by itself, with the last it heard. It missed a task that it neither heard of nor was told to load anew after.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use httpkit::Service;
use httpkit::tokens::{SERVICE_TOKEN_HEADER, ServiceSigner};
use rand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::watch;
use tokio::time::sleep;

use super::line::{CREATED, Joined, Line};
use super::{PART, Place};
use crate::organization::text;
use crate::report::Report;
use crate::settings::{Work, dev};

/// Tasks that are made, and the pause after each.
const TASKS: usize = 150;
const PAUSE: Duration = Duration::from_millis(100);
/// From the first task to the restart.
const BEFORE: Duration = Duration::from_secs(2);
/// From the last task to the count.
const AFTER: Duration = Duration::from_secs(5);
/// Before another try to connect, in milliseconds.
const TRY_AGAIN_MS: std::ops::Range<u64> = 200..1200;

/// The room is not listened to any more: the gateway cannot know what was missed.
const LEFT: &str = "42[\"room:left\"";

/// Restarts it, and says what that was like.
pub(super) async fn run(
    place: &Place,
    tasks: &str,
    lines: Vec<Line>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (end, ended) = watch::channel(false);
    let clients = lines
        .into_iter()
        .map(|line| client(place, line, ended.clone()));
    let scene = async {
        let (told, restarted) = tokio::try_join!(tell(place, tasks), restart())?;
        sleep(AFTER).await;
        end.send(true)?;
        anyhow::Ok((told, restarted))
    };
    let (clients, (told, restarted)) = tokio::try_join!(try_join_all(clients), scene)?;

    let back = clients.iter().filter_map(|client| client.back).max();
    let back = back.context("no client was cut off")?;
    let misses = |client: &&Client| {
        let missed = told.iter().filter(|(task, at)| !client.knows(task, *at));
        missed.count()
    };
    let missed: usize = clients.iter().map(|client| misses(&client)).sum();
    let cut_off = clients
        .iter()
        .filter(|client| client.back.is_some())
        .count();
    let of = format!("the gateway restarted: {cut_off} clients back after");
    report.note(PART, of, back.duration_since(restarted).as_secs_f64(), "s");
    let of = format!(
        "the gateway restarted: of {} events each, missed",
        told.len()
    );
    #[expect(clippy::cast_precision_loss, reason = "at most some hundred thousand")]
    report.at_most(PART, of, missed as f64, "", 0.0);
    Ok(())
}

/// Answers when it was told to.
async fn restart() -> anyhow::Result<Instant> {
    sleep(BEFORE).await;
    let begun = Instant::now();
    let mut command = Command::new(dev()?);
    let done = command
        .args(["--bench", "restart", "gateway"])
        .output()
        .await?;
    ensure!(
        done.status.success(),
        "restart: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(begun)
}

/// Makes tasks at the service itself, and answers each with when it was there.
async fn tell(place: &Place, tasks: &str) -> anyhow::Result<Vec<(String, Instant)>> {
    let work = Work::from_environment()?;
    let signer = ServiceSigner::new(&work.service_secret, Service::Gateway);
    let organization = Some(place.organization.id.parse()?);
    let (url, http) = (work.url.join(tasks)?, reqwest::Client::new());
    let mut told = Vec::with_capacity(TASKS);
    for number in 0..TASKS {
        let token = signer.token(Service::ProjectSvc, organization)?;
        let request = http
            .post(url.clone())
            .bearer_auth(&place.organization.token)
            .header(SERVICE_TOKEN_HEADER, &*token)
            .header("x-tenantry-client", "192.0.2.1")
            .json(&json!({"title": format!("Task {number} beside the restart")}));
        let made: Value = request.send().await?.error_for_status()?.json().await?;
        told.push((text(&made, "/id")?.to_owned(), Instant::now()));
        sleep(PAUSE).await;
    }
    Ok(told)
}

/// What a client knows in the end.
#[derive(Default)]
struct Client {
    heard: HashSet<String>,
    /// The last it heard.
    cursor: Option<String>,
    /// When it loaded all anew.
    loaded: Option<Instant>,
    /// When it was back.
    back: Option<Instant>,
}

/// What every event has around its data.
#[derive(Deserialize)]
struct Event {
    id: String,
    data: Created,
}

#[derive(Deserialize)]
struct Created {
    task_id: String,
}

impl Client {
    fn hear(&mut self, packet: &str) -> anyhow::Result<()> {
        if let Some(rest) = packet
            .strip_prefix("42")
            .filter(|_| packet.starts_with(CREATED))
        {
            let (_, event): (String, Event) = serde_json::from_str(rest)?;
            self.heard.insert(event.data.task_id);
            self.cursor = Some(event.id);
        }
        Ok(())
    }

    fn returned(&mut self, joined: Joined) -> anyhow::Result<()> {
        for packet in &joined.replayed {
            self.hear(packet)?;
        }
        let now = Some(Instant::now());
        if joined.refetch {
            self.loaded = now;
        }
        self.cursor = joined.cursor.or_else(|| self.cursor.take());
        self.back = now;
        Ok(())
    }

    fn knows(&self, task: &str, at: Instant) -> bool {
        self.heard.contains(task) || self.loaded.is_some_and(|loaded| loaded > at)
    }
}

/// Listens until the end, and comes back when it is cut off.
async fn client(
    place: &Place,
    line: Line,
    mut ended: watch::Receiver<bool>,
) -> anyhow::Result<Client> {
    let mut client = Client::default();
    let listening = async {
        let mut line = Some(line);
        loop {
            match &mut line {
                Some(open) => match open.next().await {
                    Ok(packet) if !packet.starts_with(LEFT) => client.hear(&packet)?,
                    Ok(_) | Err(_) => line = None,
                },
                None => {
                    sleep(Duration::from_millis(
                        rand::rng().random_range(TRY_AGAIN_MS),
                    ))
                    .await;
                    if let Ok((again, joined)) = Line::open(place, client.cursor.as_deref()).await {
                        client.returned(joined)?;
                        line = Some(again);
                    }
                }
            }
        }
    };
    tokio::select! {
        failed = listening => failed,
        ended = ended.wait_for(|ended| *ended) => ended.map(drop).map_err(anyhow::Error::from),
    }?;
    Ok(client)
}
