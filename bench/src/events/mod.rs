//! Events from their commit in organizations' databases to analytics' store, beside the least that anybody could do who
//! wants the same events and counters there: `insertMany` and `$inc`, in one transaction a batch.

mod bare;
mod office;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use clap::Args;
use events::Envelope;
use futures::TryStreamExt;
use futures::future::try_join_all;
use kernel::Clock;
use mongodb::bson::Document;
use mongodb::change_stream::event::ChangeStreamEvent;
use mongodb::{Client, Collection};
use tokio::time::{interval, sleep, timeout};

use self::bare::Sum;
use self::office::Office;
use crate::report::Report;
use crate::samples::Samples;
use crate::settings::{front, mongodb};

const PART: &str = "events";

/// How often the store is asked how much has arrived.
const LOOK: Duration = Duration::from_millis(20);

/// Time for everything to arrive.
const PATIENCE: Duration = Duration::from_mins(5);

/// Events a second from commit to the store, of what bare inserts do.
const BAR: f64 = 0.7;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Events in all
    #[arg(long, value_name = "COUNT", default_value_t = 60_000)]
    events: usize,
    /// Organizations whose events they are
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    organizations: usize,
    /// Tasks made a second while the lag is measured
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    tasks: u32,
    /// Length of that
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    seconds: u32,
    /// Also write the figures to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Bare, ours, bare again: ours stands between two runs that it is compared with.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let front = front()?;
    let (url, database) = mongodb()?;
    let client = Client::with_uri_str(&url).await?;
    let stored: Collection<Document> = client.database(&database).collection("events");
    let mut offices = Vec::new();
    for _ in 0..arguments.organizations {
        offices.push(Office::open(&front).await?);
    }
    let each = arguments.events / arguments.organizations.max(1);
    let told: Vec<Vec<Envelope>> = offices.iter().map(|office| office.story(each)).collect();

    let before = bare::run(&client, &told, Sum::OfBatch).await?;
    let ours = through(&stored, &offices, &told).await?;
    let after = bare::run(&client, &told, Sum::OfBatch).await?;
    let by_event = bare::run(&client, &told, Sum::OfEvent).await?;
    let bare = f64::midpoint(before, after);
    let lag = lag(&stored, &offices, arguments).await?;

    let mut report = Report::default();
    report.note(PART, "bare insertMany and $inc", bare, "events/s");
    let what = "the same, an $inc for each event and counter";
    report.note(PART, what, by_event, "events/s");
    report.note(PART, "from commit to MongoDB", ours, "events/s");
    report.at_least(PART, "of the bare speed", ours / bare, "x", BAR);
    let at = format!("lag at {} tasks/s", arguments.tasks);
    report.note(PART, format!("{at}, p50"), lag.ms(50.0), "ms");
    report.note(PART, format!("{at}, p99"), lag.ms(99.0), "ms");
    report.keep(arguments.json.as_deref())?;
    Ok(report)
}

/// Events a second from when the relays hear of them until the last is in the store.
async fn through(
    stored: &Collection<Document>,
    offices: &[Office],
    told: &[Vec<Envelope>],
) -> anyhow::Result<f64> {
    let before = stored.estimated_document_count().await?;
    for (office, told) in offices.iter().zip(told) {
        office.commit(told).await?;
    }
    let started = Instant::now();
    try_join_all(offices.iter().map(Office::ring)).await?;
    let count = told.iter().map(Vec::len).sum::<usize>() + offices.len();
    let wanted = before + u64::try_from(count)?;
    let arrival = async {
        while stored.estimated_document_count().await? < wanted {
            sleep(LOOK).await;
        }
        anyhow::Ok(())
    };
    let arrival = timeout(PATIENCE, arrival).await;
    arrival.context("events did not arrive")??;
    Ok(per_second(count, started.elapsed()))
}

/// How long after its event's time a task is in the store, at a load that is no effort.
async fn lag(
    stored: &Collection<Document>,
    offices: &[Office],
    arguments: &Arguments,
) -> anyhow::Result<Samples> {
    let wanted = arguments.tasks * arguments.seconds;
    let mut changes = stored.watch().await?;
    let watching = tokio::spawn(async move {
        let mut samples = Samples::new()?;
        while samples.len() < u64::from(wanted) {
            let change: Option<ChangeStreamEvent<Document>> = changes.try_next().await?;
            let document = change.context("change stream ended")?.full_document;
            let time = document.as_ref().and_then(told_at);
            let took = Clock::system().now() - time.context("an event without a time")?;
            samples.add(took.to_std().unwrap_or_default());
        }
        anyhow::Ok(samples)
    });
    let mut pace = interval(Duration::from_secs(1) / arguments.tasks.max(1));
    let mut making = Vec::new();
    for number in 0..wanted {
        pace.tick().await;
        let office = offices.get(usize::try_from(number)? % offices.len());
        let office = office.context("no organization")?.clone();
        making.push(tokio::spawn(async move { office.ring().await }));
    }
    for made in making {
        made.await??;
    }
    let samples = timeout(PATIENCE, watching).await;
    let samples = samples.context("events did not arrive")???;
    ensure!(samples.len() == u64::from(wanted), "more events than tasks");
    Ok(samples)
}

fn told_at(document: &Document) -> Option<DateTime<Utc>> {
    let event = document.get_document("event").ok()?;
    event.get_str("time").ok()?.parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 events")]
fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
