//! Taking links back, many at once: the rows, what is told of each, and that every instance forgets them.

use events::topic::link::LinkRevoked;
use httpkit::Problem;
use kernel::{TenantId, UserId};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, TransactionTrait};

use super::model::ResourceRef;
use super::store;
use crate::entity::link::{self, Column};
use crate::known::Stale;
use crate::state::Shortener;

/// Links taken back by one transaction.
const AT_ONCE: u64 = 500;

/// Takes back all links of the organization that `which` names; answers how many.
pub(crate) async fn revoke_all(
    shortener: &Shortener,
    tenant: TenantId,
    actor: Option<UserId>,
    which: Condition,
) -> Result<usize, Problem> {
    let mut count = 0;
    loop {
        let work = shortener.db.begin().await?;
        let now = shortener.clock.now();
        let revoked = store::revoke(&work, tenant, which.clone(), AT_ONCE, now).await?;
        if revoked.is_empty() {
            return Ok(count);
        }
        let stale = match revoked.as_slice() {
            [one] => Stale::Link(one.id),
            _ => Stale::Tenant(tenant),
        };
        tell(shortener, &work, tenant, actor, &revoked).await?;
        stale.tell(&work).await?;
        work.commit().await?;
        shortener.known.forget(stale);
        shortener.wake.notify();
        count += revoked.len();
    }
}

/// All links that a person made.
pub(crate) fn made_by(person: UserId) -> Condition {
    Condition::all().add(Column::CreatedBy.eq(person))
}

/// Writes what is told of links that are no more.
pub(crate) async fn tell(
    shortener: &Shortener,
    work: &impl ConnectionTrait,
    tenant: TenantId,
    actor: Option<UserId>,
    revoked: &[link::Model],
) -> Result<(), Problem> {
    let mut told = Vec::with_capacity(revoked.len());
    for link in revoked {
        let event = LinkRevoked {
            link_id: link.id,
            resource: ResourceRef::of(link)?.to_string(),
        };
        told.push(shortener.envelope(tenant, actor, &event));
    }
    events::outbox::emit_all(work, &told).await?;
    Ok(())
}
