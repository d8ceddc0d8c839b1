//! What a request pays the pool when its tenant has an idle connection: one acquire and its return,
//! without a statement. Needs a PostgreSQL at `TENANTRY_TEST_ADMIN_URL`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for people that may end at any fault"
)]

use std::time::Instant;

use events::FleetWake;
use kernel::{Ids, TenantId};
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use serde_json::json;
use tenancy::{PoolSettings, Pools, Resolver, TenantDescriptor};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

const ROUNDS: u32 = 100_000;
/// The best of so many: the machine may do other things.
const RUNS: usize = 7;

#[tokio::main]
async fn main() {
    let url: Url = testkit::setting("TENANTRY_TEST_ADMIN_URL").parse().unwrap();
    let options: PgConnectOptions = url.as_str().parse().unwrap();
    let mut admin = options.clone().connect().await.unwrap();
    let tenant: TenantId = Ids::system().next();
    let name = format!("tenant_{}", tenant.uuid().simple());
    let sql = format!("create database {name}");
    admin.execute(AssertSqlSafe(sql)).await.unwrap();
    let mut inside = options.database(&name).connect().await.unwrap();
    let mark = format!("create table tenant_identity as select uuid '{tenant}' as tenant_id");
    inside.execute(AssertSqlSafe(mark)).await.unwrap();
    inside.close().await.unwrap();

    let descriptor: TenantDescriptor = serde_json::from_value(json!({
        "id": tenant, "generation": 1, "cluster": tenant, "host": url.host_str(),
        "port": url.port(), "database": name, "role": url.username(),
        "password": url.password(), "schema_version": "0001_foundation",
    }))
    .unwrap();
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let settings = PoolSettings::new("bench", 1..=1).with_budget(8);
    let resolver = Resolver::fixed([descriptor]);
    let wake = FleetWake::default();
    let pools = Pools::new(resolver, settings, wake, &tasks, shutdown.clone());
    drop(pools.acquire(tenant).await.unwrap());
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        for _ in 0..ROUNDS {
            drop(pools.acquire(tenant).await.unwrap());
        }
        best = best.min(started.elapsed().as_secs_f64() / f64::from(ROUNDS));
    }
    println!(
        "acquire and return of an idle connection: {:.0} ns",
        best * 1e9
    );

    shutdown.cancel();
    tasks.close();
    tasks.wait().await;
    let sql = format!("drop database {name} with (force)");
    admin.execute(AssertSqlSafe(sql)).await.unwrap();
}
