//! What time does to links: the end of each is told once, however many instances look for it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use events::Envelope;
use events::topic::link::LinkExpired;
use httpkit::Problem;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, TransactionTrait, raw_sql};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::entity::link;
use crate::links::model::ResourceRef;
use crate::state::Shortener;

/// Between two looks.
const PERIOD: Duration = Duration::from_secs(2);
/// Links whose end is told by one transaction.
const AT_ONCE: usize = 500;
/// Looks between two that also forget journals of machines that are no more.
const FORGET_EVERY: u32 = 1_800;

/// Looks until shutdown; spawn it.
pub(crate) async fn run(shortener: Arc<Shortener>, shutdown: CancellationToken) {
    let mut looks = 0_u32;
    while shutdown.run_until_cancelled(sleep(PERIOD)).await.is_some() {
        looks = looks.wrapping_add(1);
        let forgets = looks % FORGET_EVERY == 1;
        if let Err(problem) = look(&shortener, forgets).await {
            tracing::warn!(code = problem.code(), "ends of links are not told");
        }
    }
}

async fn look(shortener: &Shortener, forgets: bool) -> Result<(), Problem> {
    while tell_some(shortener).await? == AT_ONCE {}
    if forgets {
        let old = raw_sql!(
            Postgres,
            "delete from visit_journals where updated_at < now() - interval '30 days'"
        );
        shortener.db.execute_raw(old).await?;
    }
    Ok(())
}

async fn tell_some(shortener: &Shortener) -> Result<usize, Problem> {
    let work = shortener.db.begin().await?;
    let ended = mark_ended(&work, shortener.clock.now()).await?;
    if ended.is_empty() {
        return Ok(0);
    }
    let told: Vec<Envelope> = ended
        .iter()
        .map(|link| {
            let event = LinkExpired {
                link_id: link.id,
                resource: ResourceRef::of(link)?.to_string(),
            };
            Ok(shortener.envelope(link.tenant_id, None, &event))
        })
        .collect::<Result<_, Problem>>()?;
    events::outbox::emit_all(&work, &told).await?;
    work.commit().await?;
    shortener.wake.notify();
    Ok(ended.len())
}

/// Links that have ended and were not told of; another instance's are left to it.
async fn mark_ended(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<Vec<link::Model>, DbErr> {
    let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
    let marked = raw_sql!(
        Postgres,
        "update links set ended_at = {now} where id in (
             select id from links
             where ended_at is null and revoked_at is null and (expires_at is not null or max_opens is not null)
                 and (expires_at <= {now} or opens >= max_opens)
             order by expires_at limit {limit} for update skip locked
         ) returning *"
    );
    link::Entity::find().from_raw_sql(marked).all(db).await
}
