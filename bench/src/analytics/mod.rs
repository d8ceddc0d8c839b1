//! Dashboards and charts of an organization with a year behind it: a million events, taken in as analytics takes them in.

mod year;

use std::path::PathBuf;
use std::time::Instant;

use ::analytics::{Store, ingest};
use anyhow::ensure;
use clap::Args;
use events::Action;
use kernel::Clock;
use reqwest::{Method, StatusCode};
use testkit::Site;

use self::year::Year;
use crate::organization::{Organization, found};
use crate::report::Report;
use crate::samples::Samples;
use crate::settings::{front, mongodb};

/// Events of one transaction.
const BATCH: usize = 500;
/// Requests of one kind, one after the other.
const ROUNDS: usize = 100;
/// What a dashboard may take.
const DASHBOARD_MS: f64 = 100.0;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Events of the year
    #[arg(long, default_value_t = 1_000_000)]
    events: usize,
    /// Also write the figures to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures on a system of its own.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let office = Organization::sign_up(&front()?).await?;
    let (url, database) = mongodb()?;
    let store = Store::new(&url, &database).await?;
    let mut year = Year::of(office.id.parse()?, Clock::system());
    take_in(&store, &mut year, arguments.events, &mut report).await?;

    let path = "/api/v1/analytics/dashboard?compare=previous_period";
    let whole = found(&office.owner, &format!("{path}&{}", year.days(366))).await?;
    let created = whole
        .pointer("/tasks/created")
        .and_then(serde_json::Value::as_u64);
    ensure!(
        created == Some(year.created()),
        "{created:?} of {} tasks",
        year.created()
    );

    let project = year.project();
    for (what, path, days) in [
        ("dashboard", "dashboard?timezone=UTC".to_owned(), 28),
        (
            "dashboard",
            "dashboard?timezone=Asia/Kathmandu".to_owned(),
            28,
        ),
        (
            "dashboard",
            "dashboard?timezone=Asia/Kathmandu".to_owned(),
            366,
        ),
        (
            "cumulative flow",
            "cumulative-flow?granularity=day".to_owned(),
            366,
        ),
        (
            "project",
            format!("projects/{project}?granularity=day"),
            366,
        ),
    ] {
        let path = format!("/api/v1/analytics/{path}&{}", year.days(days));
        let samples = time(&office.owner, &path).await?;
        let name = format!("{what} of {days} days, p95");
        report.at_most("rollups", name, samples.ms(95.0), "ms", DASHBOARD_MS);
    }
    for chart in ["lead-time", "cycle-time", "status-age"] {
        let days = match chart {
            "status-age" => String::new(),
            _ => year.days(28),
        };
        let samples = time(&office.owner, &format!("/api/v1/analytics/{chart}?{days}")).await?;
        report.note("tasks", format!("{chart}, p95"), samples.ms(95.0), "ms");
    }
    report.keep(arguments.json.as_deref())?;
    Ok(report)
}

async fn take_in(
    store: &Store,
    year: &mut Year,
    events: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (begun, mut taken) = (Instant::now(), 0);
    while taken < events {
        let batch = year.events(BATCH.min(events - taken), events);
        taken += batch.len();
        let actions = ingest::take_in(store, batch).await;
        let all = actions.iter().all(|action| *action == Action::Ack);
        ensure!(all, "some events were not taken in");
        if taken.is_multiple_of(BATCH * 100) {
            eprintln!("{taken} events");
        }
    }
    let rate = f64::from(u32::try_from(taken)?) / begun.elapsed().as_secs_f64();
    report.note("events", format!("{taken} taken in"), rate, "/s");
    Ok(())
}

async fn time(site: &Site, path: &str) -> anyhow::Result<Samples> {
    let mut samples = Samples::new()?;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let answer = site.request(Method::GET, path).send().await?;
        let status = answer.status();
        answer.bytes().await?;
        ensure!(status == StatusCode::OK, "{path}: {status}");
        samples.add(begun.elapsed());
    }
    Ok(samples)
}
