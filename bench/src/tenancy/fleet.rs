//! The whole fleet moved by one column, beside a program that does nothing else and beside a loop of psql.

use std::num::NonZeroUsize;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use kernel::{Clock, Ids};
use migrator::fleet::{Fleet, Observer, Outcome, Platform, Request, Rollout, Selection, Wave, run};
use migrator::registry::Registry;
use migrator::schema::{Migration, Schema, TENANT};
use tokio_util::sync::CancellationToken;

use super::installation::{Installation, connect};
use crate::report::Report;
use crate::settings::Server;

const PART: &str = "fleet";
/// The smaller fleet.
const SOME: usize = 300;
/// Each way of migrating takes turns; the best of each counts, as others use the machine too.
const TURNS: usize = 3;
/// Databases that psql is run on, one after the other.
const PSQL: usize = 30;
const ADD: &str = "begin; alter table tasks add column bare integer; commit";
const DROP: &str = "begin; alter table tasks drop column bare; commit";

pub(super) async fn measure(
    settings: &Server,
    installation: &Installation,
    report: &mut Report,
) -> anyhow::Result<()> {
    let all = databases(installation).await?;
    let some: Vec<String> = all.iter().take(SOME).cloned().collect();
    let mut bench = Bench {
        installation,
        columns: Vec::new(),
    };
    let (ours, bare) = bench
        .turns(&Selection::Tenants(some.clone()), &some)
        .await?;
    let count = some.len();
    report.at_most(
        PART,
        format!("one column in {count} databases"),
        seconds(ours),
        "s",
        1.5,
    );
    report.note(
        PART,
        "a program that only connects, alters, commits",
        seconds(bare),
        "s",
    );
    report.at_most(
        PART,
        format!("{count} databases beside that program"),
        ratio(ours, bare),
        "×",
        1.5,
    );
    let psql = bench.psql(settings, &some).await?;
    let psql = psql.mul_f64(f64::from(u32::try_from(count)?));
    report.note(
        PART,
        format!("a loop of psql over {count} databases would take"),
        seconds(psql),
        "s",
    );

    let (ours, bare) = bench.turns(&Selection::Everything, &all).await?;
    let count = all.len();
    report.at_most(
        PART,
        format!("one column in {count} databases"),
        seconds(ours),
        "s",
        10.0,
    );
    report.note(
        PART,
        "a program that only connects, alters, commits",
        seconds(bare),
        "s",
    );
    report.at_most(
        PART,
        format!("{count} databases beside that program"),
        ratio(ours, bare),
        "×",
        1.5,
    );

    status(settings, installation, count, report).await?;
    bench.verify(&some, report).await
}

/// What the operator waits for when asking where everything stands.
async fn status(
    settings: &Server,
    installation: &Installation,
    count: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut best = Duration::MAX;
    for _ in 0..TURNS {
        let begun = Instant::now();
        let mut command = installation.migrator(&settings.migrator);
        command.args(["status", "--json"]).stdout(Stdio::null());
        command.status().await?;
        best = best.min(begun.elapsed());
    }
    report.at_most(
        PART,
        format!("status of {count}, the whole process"),
        best.as_secs_f64() * 1000.0,
        "ms",
        100.0,
    );
    Ok(())
}

struct Bench<'a> {
    installation: &'a Installation,
    /// Steps made up so far, one column each.
    columns: Vec<Migration>,
}

impl Bench<'_> {
    /// The best of some turns of the fleet's run, and of the bare program.
    async fn turns(
        &mut self,
        selection: &Selection,
        databases: &[String],
    ) -> anyhow::Result<(Duration, Duration)> {
        let (mut ours, mut bare) = (Duration::MAX, Duration::MAX);
        for _ in 0..TURNS {
            bare = bare.min(self.bare(databases).await?);
            ours = ours.min(self.run(selection).await?);
        }
        Ok((ours, bare))
    }

    /// One more column for all that is selected.
    async fn run(&mut self, selection: &Selection) -> anyhow::Result<Duration> {
        let number = TENANT.head() + self.columns.len() + 1;
        self.columns.push(Migration {
            name: format!("{number:04}_measured").leak(),
            up: format!("alter table tasks add column measured_{number} integer").leak(),
            down: format!("alter table tasks drop column measured_{number}").leak(),
            transactional: true,
        });
        let fleet = self.fleet().await?;
        let request = Request {
            selection: selection.clone(),
            to: None,
            down: false,
            rollout: Rollout::default(),
            holder: "bench".to_owned(),
            arguments: serde_json::json!({}),
            resumes: None,
            stop: CancellationToken::new(),
        };
        let begun = Instant::now();
        let outcome = Box::pin(run::run(&fleet, &request, &Silent)).await?;
        let took = begun.elapsed();
        ensure!(outcome.succeeded(), "the fleet's run {}", outcome.outcome);
        Ok(took)
    }

    /// The least that can be done: connect, begin, alter, commit.
    async fn bare(&self, databases: &[String]) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.each(databases, ADD).await?;
        let took = begun.elapsed();
        self.each(databases, DROP).await?;
        Ok(took)
    }

    async fn each(&self, databases: &[String], sql: &'static str) -> anyhow::Result<()> {
        let work = stream::iter(databases.iter().cloned()).map(|database| {
            let address = self.installation.address.with_database(&database);
            let work = tokio::spawn(async move {
                anyhow::Ok(connect(&address).await?.batch_execute(sql).await?)
            });
            async { work.await? }
        });
        work.buffer_unordered(parallel()?.get()).try_collect().await
    }

    /// What psql takes for a database, one process each.
    async fn psql(&self, settings: &Server, databases: &[String]) -> anyhow::Result<Duration> {
        let asked = databases.get(..PSQL).unwrap_or(databases);
        let begun = Instant::now();
        for database in asked {
            let address = self.installation.address.with_database(database);
            let mut command = tokio::process::Command::new(&settings.psql);
            command
                .args(["--no-psqlrc", "--quiet", "--command", ADD])
                .arg(address.url().as_str());
            ensure!(command.status().await?.success(), "psql failed");
        }
        let took = begun.elapsed();
        self.each(asked, DROP).await?;
        Ok(took / u32::try_from(asked.len().max(1))?)
    }

    /// One object altered by hand among some databases: found, and named.
    async fn verify(&self, databases: &[String], report: &mut Report) -> anyhow::Result<()> {
        let odd = databases.last().context("more databases are needed")?;
        let client = connect(&self.installation.address.with_database(odd)).await?;
        client
            .batch_execute("alter table comments alter column body set default 'by hand'")
            .await?;
        let fleet = self.fleet().await?;
        let selection = Selection::Tenants(databases.to_vec());
        let begun = Instant::now();
        let checks = migrator::verify::verify(&fleet, &selection, false).await?;
        let took = begun.elapsed();
        let all: usize = checks.iter().map(|check| check.differences.len()).sum();
        report.at_most(
            PART,
            format!("verify of {}", checks.len()),
            seconds(took),
            "s",
            3.0,
        );
        report.at_most(
            PART,
            "differences found",
            f64::from(u32::try_from(all)?),
            "",
            1.0,
        );
        let named = checks.iter().find(|check| !check.differences.is_empty());
        let named = named.with_context(|| format!("the change in {odd} was not found"))?;
        ensure!(named.database == *odd, "{} was not altered", named.database);
        ensure!(
            format!("{:?}", named.differences).contains("comments"),
            "the wrong object is named"
        );
        Ok(())
    }

    async fn fleet(&self) -> anyhow::Result<Fleet> {
        let migrations: Vec<Migration> = TENANT
            .migrations
            .iter()
            .chain(&self.columns)
            .copied()
            .collect();
        let installation = self.installation;
        let platform = Platform {
            catalog: installation.address.with_database("catalog"),
            identity: installation.address.with_database("identity"),
            shortener: installation.address.with_database("shortener"),
            tenants: Schema {
                migrations: migrations.leak(),
                ..TENANT
            },
        };
        Ok(Fleet {
            registry: Registry::open(&platform.catalog).await?,
            platform,
            clock: Clock::system(),
            ids: Ids::system(),
            parallel: parallel()?,
        })
    }
}

/// As many databases at once as the operator's tool would take.
fn parallel() -> anyhow::Result<NonZeroUsize> {
    NonZeroUsize::new(2 * std::thread::available_parallelism()?.get()).context("no core")
}

/// Names of all tenants' databases.
async fn databases(installation: &Installation) -> anyhow::Result<Vec<String>> {
    let catalog = installation.resolver.catalog.get().await?;
    let sql = "select database_name from tenants where status in ('active', 'spare') order by id";
    let rows = catalog.query(sql, &[]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

struct Silent;

impl Observer for Silent {
    fn begins(&self, _: usize) {}

    fn wave(&self, _: Wave, _: usize) {}

    fn done(&self, _: &Outcome) {}
}

fn seconds(took: Duration) -> f64 {
    took.as_secs_f64()
}

fn ratio(ours: Duration, bare: Duration) -> f64 {
    seconds(ours) / seconds(bare).max(f64::EPSILON)
}
