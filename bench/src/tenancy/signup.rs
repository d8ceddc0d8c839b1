//! From the wish for an organization to its first committed row.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use httpkit::Service;
use httpkit::client::Upstream;
use kernel::{Ids, ProjectId, TenantId};
use sea_orm::ConnectionTrait;
use serde::Deserialize;
use serde_json::json;
use tenancy::Pools;
use tokio_util::sync::CancellationToken;

use super::installation::{BUDGET, Installation};
use crate::report::Report;
use crate::samples::Samples;

const PART: &str = "sign-up";
/// Sign-ups that find no spare.
const WITHOUT_SPARE: usize = 20;
/// Sign-ups at the same moment.
const AT_ONCE: usize = 50;
/// How long a neighbour is watched.
const WATCH: Duration = Duration::from_secs(20);
/// Between two writes of the neighbour.
const WRITE_PAUSE: Duration = Duration::from_millis(3);

#[derive(Deserialize)]
struct Claimed {
    id: TenantId,
}

pub(super) async fn measure(
    installation: &Installation,
    tenants: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    prepare(installation).await?;
    let pools = installation.pools(BUDGET, Duration::from_secs(5))?;
    let door = Door {
        resolver: installation.client(Service::Identity)?,
        pools: pools.pools.clone(),
    };

    let mut none = Samples::new()?;
    for _ in 0..WITHOUT_SPARE {
        none.add(door.sign_up().await?.1);
    }
    report.at_most(
        PART,
        "without a spare, first committed row, p50",
        none.ms(50.0),
        "ms",
        250.0,
    );
    report.note(PART, "without a spare, slowest", none.ms(100.0), "ms");

    neighbour(installation, &door, report).await?;

    installation
        .fill(tenants.saturating_sub(WITHOUT_SPARE))
        .await?;
    let mut spare = Samples::new()?;
    let alone = (tenants / 3).clamp(1, 300);
    for _ in 0..alone {
        spare.add(door.sign_up().await?.1);
    }
    report.at_most(
        PART,
        "with a spare, first committed row, p50",
        spare.ms(50.0),
        "ms",
        25.0,
    );
    report.at_most(
        PART,
        "with a spare, first committed row, p99",
        spare.ms(99.0),
        "ms",
        100.0,
    );

    let started = Instant::now();
    let crowd = stream::iter(0..AT_ONCE).map(|_| door.sign_up());
    let crowd: Vec<_> = crowd.buffer_unordered(AT_ONCE).try_collect().await?;
    let different: HashSet<TenantId> = crowd.iter().map(|(tenant, _)| *tenant).collect();
    report.at_least(
        PART,
        "different databases of 50 sign-ups at once",
        count(different.len()),
        "",
        50.0,
    );
    report.note(
        PART,
        "50 sign-ups at once took",
        started.elapsed().as_secs_f64() * 1000.0,
        "ms",
    );

    // The rest of the stock becomes organizations too: the other parts want active tenants.
    let rest = tenants.saturating_sub(WITHOUT_SPARE + alone + AT_ONCE);
    let rest = stream::iter(0..rest).map(|_| door.claim());
    let _: Vec<TenantId> = rest.buffer_unordered(4).try_collect().await?;
    pools.close().await;
    Ok(())
}

async fn prepare(installation: &Installation) -> anyhow::Result<()> {
    let template = installation.address.with_database("tenant_template");
    let session = migrator::Session::open(&template, migrator::schema::TENANT).await?;
    session.up(migrator::schema::TENANT.head()).await?;
    session.close().await;
    Ok(())
}

/// What a neighbour feels of databases being made at the pace of the refill.
async fn neighbour(
    installation: &Installation,
    door: &Door,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (tenant, _) = door.sign_up().await?;
    let quiet = watch(&door.pools, tenant).await?;
    let stop = CancellationToken::new();
    let refill = {
        let (resolver, stop) = (Arc::clone(&installation.resolver), stop.clone());
        tokio::spawn(async move {
            while stop
                .run_until_cancelled(tokio::time::sleep(Duration::from_secs(1)))
                .await
                .is_some()
            {
                tenant_resolver::provision::build_spare(&resolver).await?;
            }
            anyhow::Ok(())
        })
    };
    let refilling = watch(&door.pools, tenant).await?;
    stop.cancel();
    refill.await??;
    report.note(PART, "neighbour's insert, quiet, p99", quiet.ms(99.0), "ms");
    report.note(
        PART,
        "neighbour's insert, while refilling, p99",
        refilling.ms(99.0),
        "ms",
    );
    report.at_most(
        PART,
        "neighbour's p99 by refilling",
        refilling.ms(99.0) / quiet.ms(99.0),
        "×",
        2.0,
    );
    Ok(())
}

async fn watch(pools: &Pools, tenant: TenantId) -> anyhow::Result<Samples> {
    let mut samples = Samples::new()?;
    let end = Instant::now() + WATCH;
    while Instant::now() < end {
        let begun = Instant::now();
        write(pools, tenant).await?;
        samples.add(begun.elapsed());
        tokio::time::sleep(WRITE_PAUSE).await;
    }
    Ok(samples)
}

struct Door {
    resolver: Upstream,
    pools: Pools,
}

impl Door {
    /// A new organization with its first row, and how long that took.
    async fn sign_up(&self) -> anyhow::Result<(TenantId, Duration)> {
        let begun = Instant::now();
        let tenant = self.claim().await?;
        write(&self.pools, tenant).await?;
        Ok((tenant, begun.elapsed()))
    }

    async fn claim(&self) -> anyhow::Result<TenantId> {
        let name = format!("b{}", Ids::system().next::<TenantId>().uuid().simple());
        let wish = json!({"request_id": name, "subdomain": name, "name": name});
        let claimed: Claimed = self
            .resolver
            .post("/internal/v1/tenants", None, &wish)
            .await?;
        let confirm = format!("/internal/v1/tenants/{}/confirm", claimed.id);
        let _: Claimed = self.resolver.post(&confirm, None, &json!({})).await?;
        Ok(claimed.id)
    }
}

/// One committed row.
async fn write(pools: &Pools, tenant: TenantId) -> anyhow::Result<()> {
    let unit = pools.acquire(tenant).await?.begin().await?;
    let key = Ids::system().next::<ProjectId>();
    unit.execute_unprepared(&format!(
        "insert into workspaces (id, name) values ('{key}', 'measured')"
    ))
    .await?;
    unit.commit().await?;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a count of tenants")]
fn count(number: usize) -> f64 {
    number as f64
}
