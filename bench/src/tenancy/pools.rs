//! A thousand tenants share a hundred connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures::future::try_join_all;
use kernel::TenantId;
use rand::Rng;
use sea_orm::ConnectionTrait;
use tenancy::Pools;
use tokio_util::sync::CancellationToken;

use super::installation::{BUDGET, Installation, connect};
use crate::report::Report;
use crate::samples::Samples;

const PART: &str = "pools";
/// Visits under way at the same time: enough to keep two cores busy.
const WORKERS: usize = 16;
/// Requests of one visit.
const SESSION: usize = 20;
const RUN: Duration = Duration::from_secs(30);
/// The budget, and what one process more of the operator's may hold.
const RESERVE: f64 = 5.0;
/// The server's connections are counted this often.
const SAMPLE: Duration = Duration::from_millis(100);
/// Tenants with one person each, beside a noisy one.
const LIGHT: usize = 20;
const LIGHT_PAUSE: Duration = Duration::from_millis(50);
const FAIRNESS: Duration = Duration::from_secs(15);
/// What one request of the noisy tenant keeps a connection for.
const NOISE: &str = "select pg_sleep(0.02)";
const QUERY: &str = "select count(*) from workspaces";

pub(super) async fn measure(
    installation: &Installation,
    report: &mut Report,
) -> anyhow::Result<()> {
    let tenants: Arc<[TenantId]> = installation.tenants().await?.into();
    sessions(installation, &tenants, report).await?;
    fairness(installation, &tenants, report).await
}

/// Visits to tenants chosen by Zipf's law: some are busy, most are seldom seen.
async fn sessions(
    installation: &Installation,
    tenants: &Arc<[TenantId]>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let before = installation.logins().await?;
    let pools = installation.pools(BUDGET, Duration::from_secs(5))?;
    let (failed, stop) = (Arc::new(AtomicU64::new(0)), CancellationToken::new());
    let watcher = tokio::spawn(watch(connect(&installation.address).await?, stop.clone()));
    let weights: Arc<[f64]> = zipf(tenants.len()).into();
    let workers = (0..WORKERS).map(|_| {
        let (pools, tenants, weights) = (
            pools.pools.clone(),
            Arc::clone(tenants),
            Arc::clone(&weights),
        );
        let failed = Arc::clone(&failed);
        tokio::spawn(async move {
            let mut samples = Samples::new()?;
            let end = Instant::now() + RUN;
            while Instant::now() < end {
                let Some(tenant) = tenants.get(choose(&weights)) else {
                    continue;
                };
                for _ in 0..SESSION {
                    let begun = Instant::now();
                    match ask(&pools, *tenant, QUERY).await {
                        Ok(()) => samples.add(begun.elapsed()),
                        Err(_) => {
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            }
            anyhow::Ok(samples)
        })
    });
    let mut all = Samples::new()?;
    for samples in try_join_all(workers).await? {
        all.merge(&samples?)?;
    }
    stop.cancel();
    let most = watcher.await??;
    pools.close().await;
    // The server counts a login when its session has been idle for a second, or ends.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let logins = float(installation.logins().await? - before);
    let requests = float(i64::try_from(all.len())?);
    report.note(
        PART,
        format!("requests a second, {} tenants", tenants.len()),
        requests / RUN.as_secs_f64(),
        "/s",
    );
    report.note(PART, "request p50", all.ms(50.0), "ms");
    report.note(PART, "request p99", all.ms(99.0), "ms");
    report.at_least(
        PART,
        "hit ratio, visits of 20 requests",
        100.0 * (1.0 - logins / requests),
        "%",
        97.0,
    );
    report.at_most(
        PART,
        "most connections of tenants at any sample",
        float(most),
        "",
        float(i64::try_from(BUDGET)?) + RESERVE,
    );
    report.at_most(
        PART,
        "failed requests",
        float(i64::try_from(failed.load(Ordering::Relaxed))?),
        "",
        0.0,
    );
    Ok(())
}

/// Twenty tenants with one person each, alone and beside a tenant that wants twice the budget.
async fn fairness(
    installation: &Installation,
    tenants: &Arc<[TenantId]>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let pools = installation.pools(BUDGET, Duration::from_secs(5))?;
    let light: Vec<TenantId> = tenants.iter().copied().take(LIGHT).collect();
    // The first connections are made before anything is timed.
    for tenant in &light {
        ask(&pools.pools, *tenant, QUERY).await?;
    }
    let quiet = visit(&pools.pools, &light).await?;
    let stop = CancellationToken::new();
    let noisy = *tenants.get(LIGHT).context("more tenants are needed")?;
    let noise: Vec<_> = (0..2 * BUDGET)
        .map(|_| {
            let (pools, stop) = (pools.pools.clone(), stop.clone());
            tokio::spawn(async move {
                while !stop.is_cancelled() {
                    // A refusal is an answer as well: it waits for its turn again.
                    drop(ask(&pools, noisy, NOISE).await);
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let crowded = visit(&pools.pools, &light).await?;
    stop.cancel();
    try_join_all(noise).await?;
    pools.close().await;
    report.note(PART, "light tenants, quiet, p99", quiet.ms(99.0), "ms");
    report.note(
        PART,
        "light tenants beside a noisy one, p50",
        crowded.ms(50.0),
        "ms",
    );
    report.note(
        PART,
        "light tenants beside a noisy one, p99",
        crowded.ms(99.0),
        "ms",
    );
    report.at_most(
        PART,
        "light tenants' p99 by one at twice the budget",
        crowded.ms(99.0) / quiet.ms(99.0),
        "×",
        2.0,
    );
    Ok(())
}

async fn visit(pools: &Pools, light: &[TenantId]) -> anyhow::Result<Samples> {
    let visitors = light.iter().copied().map(|tenant| {
        let pools = pools.clone();
        tokio::spawn(async move {
            let mut samples = Samples::new()?;
            let end = Instant::now() + FAIRNESS;
            while Instant::now() < end {
                let begun = Instant::now();
                ask(&pools, tenant, QUERY).await?;
                samples.add(begun.elapsed());
                tokio::time::sleep(LIGHT_PAUSE).await;
            }
            anyhow::Ok(samples)
        })
    });
    let mut all = Samples::new()?;
    for samples in try_join_all(visitors).await? {
        all.merge(&samples?)?;
    }
    Ok(all)
}

async fn ask(pools: &Pools, tenant: TenantId, sql: &str) -> anyhow::Result<()> {
    pools.acquire(tenant).await?.execute_unprepared(sql).await?;
    Ok(())
}

/// The most connections that tenants' roles had at any sample.
async fn watch(client: tokio_postgres::Client, stop: CancellationToken) -> anyhow::Result<i64> {
    let sql = "select count(*) from pg_stat_activity where usename like 'tenant\\_%' and application_name = 'bench'";
    let mut most = 0;
    while stop
        .run_until_cancelled(tokio::time::sleep(SAMPLE))
        .await
        .is_some()
    {
        most = most.max(client.query_one(sql, &[]).await?.try_get(0)?);
    }
    Ok(most)
}

/// Cumulative shares of `count` tenants by Zipf's law with exponent 1.
#[expect(clippy::cast_precision_loss, reason = "a count of tenants")]
fn zipf(count: usize) -> Vec<f64> {
    let shares = (1..=count).map(|rank| 1.0 / rank as f64);
    let total: f64 = shares.clone().sum();
    shares
        .scan(0.0, |sum, share| {
            *sum += share / total;
            Some(*sum)
        })
        .collect()
}

fn choose(cumulative: &[f64]) -> usize {
    let drawn: f64 = rand::rng().random();
    cumulative
        .partition_point(|share| *share < drawn)
        .min(cumulative.len().saturating_sub(1))
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn float(number: i64) -> f64 {
    number as f64
}
