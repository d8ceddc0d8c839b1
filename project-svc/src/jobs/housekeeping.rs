//! In every tenant's database: forgets the answers of keyed requests after a day, which only saves space (an answer
//! that is too old is never given again), removes tasks that lie in the trash for 30 days, cleans the log of webhooks,
//! and finds what another instance left to be sent.

use std::error::Error;
use std::time::Duration;

use chrono::TimeDelta;
use events::BoxError;
use events::fleet::Fleet;
use kernel::TenantId;
use sea_orm::{ConnectionTrait, raw_sql};
use tenancy::TenantFleet;
use tokio::time::{Instant, interval_at, sleep};
use tokio_util::sync::CancellationToken;

use super::{trash, webhooks};
use crate::state::AppState;

/// Time from one round to the next.
const PERIOD: Duration = Duration::from_secs(3600);
/// How long an answer may be asked for again, and some more.
const KEPT: TimeDelta = TimeDelta::hours(25);
/// How long a deleted task may be brought back.
const TRASH_KEPT: TimeDelta = TimeDelta::days(30);
/// Rows removed by one statement, so that none takes long.
const BATCH: u64 = 1_000;
/// Between two tenants: nobody waits for this, and each may cost a connect.
const PAUSE: Duration = Duration::from_millis(50);

/// Goes round until shutdown.
pub(super) async fn run(state: AppState, shutdown: CancellationToken) {
    let mut rounds = interval_at(Instant::now() + PERIOD, PERIOD);
    while shutdown.run_until_cancelled(rounds.tick()).await.is_some() {
        if shutdown.run_until_cancelled(sweep(&state)).await.is_none() {
            return;
        }
    }
}

/// One round. A tenant whose database is away is left for the next one.
pub async fn sweep(state: &AppState) {
    let tenants = TenantFleet(state.pools.clone()).tenants().await;
    let tenants = tenants.unwrap_or_else(|error| {
        tracing::warn!(error = &*error as &dyn Error, "list tenants");
        Vec::new()
    });
    for tenant in tenants {
        if let Err(error) = forget_old_answers(state, tenant).await {
            let error = &*error as &dyn Error;
            tracing::warn!(tenant.id = %tenant, error, "forget old answers");
        }
        if let Err(error) = empty_trash(state, tenant).await {
            let error = &*error as &dyn Error;
            tracing::warn!(tenant.id = %tenant, error, "empty the trash");
        }
        if let Err(error) = trash::remove_projects(state, tenant).await {
            let error = &*error as &dyn Error;
            tracing::warn!(tenant.id = %tenant, error, "remove projects of the trash");
        }
        if let Err(error) = look_after_webhooks(state, tenant).await {
            let error = &*error as &dyn Error;
            tracing::warn!(tenant.id = %tenant, error, "look after webhooks");
        }
        sleep(PAUSE).await;
    }
}

async fn forget_old_answers(state: &AppState, tenant: TenantId) -> Result<(), BoxError> {
    let (before, batch) = (state.clock.now() - KEPT, i64::try_from(BATCH)?);
    loop {
        // Given back after each batch: requests come first, and the tenant may be wanted elsewhere.
        let connection = state.pools.acquire_background(tenant).await?;
        let delete = raw_sql!(
            Postgres,
            "delete from idempotency_keys where (scope, key) in (
                 select scope, key from idempotency_keys where created_at < {before}
                 order by created_at limit {batch})"
        );
        if connection.execute_raw(delete).await?.rows_affected() < BATCH {
            return Ok(());
        }
    }
}

async fn empty_trash(state: &AppState, tenant: TenantId) -> Result<(), BoxError> {
    let (before, batch) = (state.clock.now() - TRASH_KEPT, i64::try_from(BATCH)?);
    loop {
        let connection = state.pools.acquire_background(tenant).await?;
        let delete = raw_sql!(
            Postgres,
            "delete from tasks where id in (
                 select id from tasks where deleted_at < {before} order by deleted_at limit {batch})"
        );
        if connection.execute_raw(delete).await?.rows_affected() < BATCH {
            return Ok(());
        }
    }
}

async fn look_after_webhooks(state: &AppState, tenant: TenantId) -> Result<(), BoxError> {
    webhooks::clean(state, tenant).await?;
    webhooks::find_due(state, tenant).await
}
