//! Password hashes are slow on purpose: a hundred people who sign in at once must not keep others from reading.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use futures::future::try_join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;
use testkit::Front;
use tokio_util::sync::CancellationToken;

use crate::organization::{Organization, PASSWORD, created, text};
use crate::report::Report;
use crate::samples::Samples;
use crate::settings::front;

const PART: &str = "identity";
const TASKS: usize = 50;
/// People who share an account: more at once would be taken for guesses.
const SHARED_BY: usize = 8;
/// Readers, who take turns.
const READERS: u32 = 8;
/// Before each phase, while connections and caches fill.
const WARM_UP: Duration = Duration::from_secs(3);
/// The p99 of reads may grow to this many times what it was.
const BAR: f64 = 2.0;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// People who sign in at the same time
    #[arg(long, default_value_t = 100)]
    people: usize,
    /// Reads a second of all readers: well below what the machine can do
    #[arg(long, value_name = "COUNT", default_value_t = 200)]
    reads: u32,
    /// Length of each phase
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    seconds: u64,
    /// Also write the figures to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What became of the sign-ins.
#[derive(Default)]
struct Told {
    signed_in: u64,
    sent_away: u64,
}

/// Quiet, busy, quiet again: the busy phase stands between two that it is compared with.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let front = front()?;
    let office = Office::open(&front).await?;
    let mut accounts = Vec::new();
    for _ in 0..arguments.people.div_ceil(SHARED_BY) {
        accounts.push(Organization::sign_up(&front).await?);
    }
    let phase = Duration::from_secs(arguments.seconds);
    let before = office.read(arguments.reads, phase).await?;
    let stop = CancellationToken::new();
    let flood = tokio::spawn(flood(accounts, arguments.people, stop.clone()));
    let busy = office.read(arguments.reads, phase).await?;
    stop.cancel();
    let (signing_in, told) = flood.await??;
    let mut quiet = office.read(arguments.reads, phase).await?;
    quiet.merge(&before)?;

    let mut report = Report::default();
    let seconds = (WARM_UP + phase).as_secs_f64();
    let people = arguments.people;
    report.note(PART, "reads, p50, nobody signing in", quiet.ms(50.0), "ms");
    report.note(PART, "reads, p99, nobody signing in", quiet.ms(99.0), "ms");
    report.note(
        PART,
        format!("reads, p50, {people} people signing in"),
        busy.ms(50.0),
        "ms",
    );
    report.note(
        PART,
        format!("reads, p99, {people} people signing in"),
        busy.ms(99.0),
        "ms",
    );
    report.at_most(
        PART,
        "p99 of reads, busy to quiet",
        busy.ms(99.0) / quiet.ms(99.0),
        "x",
        BAR,
    );
    report.note(PART, "signed in", float(told.signed_in) / seconds, "/s");
    report.note(
        PART,
        "told to come back (503)",
        float(told.sent_away) / seconds,
        "/s",
    );
    report.note(PART, "signing in, p50", signing_in.ms(50.0), "ms");
    report.note(PART, "signing in, p99", signing_in.ms(99.0), "ms");
    report.keep(arguments.json.as_deref())?;
    Ok(report)
}

/// An organization with a project to read.
#[derive(Clone)]
struct Office {
    organization: Organization,
    project: String,
}

impl Office {
    async fn open(front: &Front) -> anyhow::Result<Self> {
        let organization = Organization::sign_up(front).await?;
        let owner = &organization.owner;
        let project = created(owner, "/api/v1/projects", &json!({"name": "Apollo"})).await?;
        let project = text(&project, "/id")?.to_owned();
        let tasks = format!("/api/v1/projects/{project}/tasks");
        for number in 0..TASKS {
            created(owner, &tasks, &json!({"title": format!("Task {number}")})).await?;
        }
        Ok(Self {
            organization,
            project,
        })
    }

    /// How long reads take while others do whatever they do.
    async fn read(&self, reads: u32, phase: Duration) -> anyhow::Result<Samples> {
        let begun = Instant::now();
        let every = Duration::from_secs(1) * READERS / reads.max(1);
        let readers = (0..READERS).map(|_| {
            let (reader, path) = (
                self.organization.owner.clone(),
                format!("/api/v1/projects/{}/tasks", self.project),
            );
            tokio::spawn(async move {
                let mut samples = Samples::new()?;
                let mut turns = tokio::time::interval(every);
                while begun.elapsed() < WARM_UP + phase {
                    // Late turns count from when they were due: a slow answer delays nobody unseen.
                    let due = turns.tick().await;
                    let answer = reader.request(Method::GET, &path).send().await?;
                    ensure!(
                        answer.status() == StatusCode::OK,
                        "reads answer {}",
                        answer.status()
                    );
                    answer.bytes().await?;
                    if begun.elapsed() > WARM_UP {
                        samples.add(due.elapsed());
                    }
                }
                anyhow::Ok(samples)
            })
        });
        let mut all = Samples::new()?;
        for samples in try_join_all(readers).await? {
            all.merge(&samples?)?;
        }
        Ok(all)
    }
}

/// People who sign in again and again, and come back when they are told to.
async fn flood(
    accounts: Vec<Organization>,
    people: usize,
    stop: CancellationToken,
) -> anyhow::Result<(Samples, Told)> {
    let people = accounts.iter().cycle().take(people);
    let people = people.map(|account| tokio::spawn(sign_in_until(account.clone(), stop.clone())));
    let (mut all, mut told) = (Samples::new()?, Told::default());
    for person in try_join_all(people).await? {
        let (samples, one) = person?;
        all.merge(&samples)?;
        told.signed_in += one.signed_in;
        told.sent_away += one.sent_away;
    }
    Ok((all, told))
}

async fn sign_in_until(
    account: Organization,
    stop: CancellationToken,
) -> anyhow::Result<(Samples, Told)> {
    let body = json!({"email": account.email, "password": PASSWORD});
    let (mut samples, mut told) = (Samples::new()?, Told::default());
    while !stop.is_cancelled() {
        let begun = Instant::now();
        let request = account.site.request(Method::POST, "/api/v1/auth/login");
        let answer = request.json(&body).send().await?;
        match answer.status() {
            StatusCode::OK => {
                samples.add(begun.elapsed());
                told.signed_in += 1;
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                told.sent_away += 1;
                let after = answer.headers().get("retry-after");
                let after = after.context("a 503 says when to come back")?;
                let after = Duration::from_secs(after.to_str()?.parse()?);
                let _ = stop.run_until_cancelled(tokio::time::sleep(after)).await;
            }
            other => anyhow::bail!("sign-in answers {other}"),
        }
    }
    Ok((samples, told))
}

#[expect(clippy::cast_precision_loss, reason = "counts of seconds")]
fn float(count: u64) -> f64 {
    count as f64
}
