//! Forgetting what was sent, and webhooks that were deleted.

use chrono::TimeDelta;
use events::BoxError;
use kernel::TenantId;
use sea_orm::{ConnectionTrait, raw_sql};

use crate::state::AppState;

/// How long the log has what was delivered.
const DELIVERED_KEPT: TimeDelta = TimeDelta::days(30);
/// How long it has everything else; also how long something may wait for its webhook to be switched on.
const OTHERS_KEPT: TimeDelta = TimeDelta::days(90);
/// Rows removed by one statement, so that none takes long.
const BATCH: i64 = 1_000;

/// Cleans one tenant's log.
pub(in crate::jobs) async fn clean(state: &AppState, tenant: TenantId) -> Result<(), BoxError> {
    let now = state.clock.now();
    let (delivered, others) = (now - DELIVERED_KEPT, now - OTHERS_KEPT);
    loop {
        let connection = state.pools.acquire_background(tenant).await?;
        let deliveries = raw_sql!(
            Postgres,
            "delete from webhook_deliveries where id in (
                 select d.id from webhooks w
                 cross join (values ('delivered', {delivered}::timestamptz), ('waiting', {others}), ('failed', {others}))
                     as kept (state, since)
                 cross join lateral (
                     select id from webhook_deliveries d
                     where d.webhook_id = w.id and d.state = kept.state
                         and (w.deleted_at is not null or d.created_at < kept.since)
                     limit {BATCH}) d
                 limit {BATCH})"
        );
        if connection.execute_raw(deliveries).await?.rows_affected() > 0 {
            continue;
        }
        let webhooks = raw_sql!(
            Postgres,
            "delete from webhooks w where deleted_at is not null
                 and not exists (select from webhook_deliveries d where d.webhook_id = w.id)"
        );
        connection.execute_raw(webhooks).await?;
        return Ok(());
    }
}
