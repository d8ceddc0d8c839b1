//! A tenant's life after its birth: switched off and on, deleted with a grace and taken back within it.
//!
//! Every change of a status, here and elsewhere, is a `Change`: one conditional update by the table in `model`.
//! Asking for the state a tenant is in already changes nothing and is no error.

mod model;
mod routes;
mod store;

use std::time::Duration;

use events::topic::tenant::{
    TenantDeletionScheduled, TenantRestored, TenantResumed, TenantSuspended,
};
use kernel::TenantId;

use crate::error::Error;
use crate::state::Resolver;
use crate::status::Status;

pub(crate) use model::{Purpose, Transition};
pub(crate) use routes::router;
pub(crate) use store::{Change, Changed, State, count, state};

/// Switches a tenant off: no request is served and connections are closed.
pub async fn suspend(
    resolver: &Resolver,
    tenant: TenantId,
    reason: Option<&str>,
) -> Result<(), Error> {
    let change = Change {
        reason,
        ..Change::new(tenant, Transition::Suspend)
    };
    let event = |changed: store::Changed| {
        Ok(TenantSuspended {
            tenant_id: tenant,
            subdomain: changed.subdomain()?,
        })
    };
    if change.publish(resolver, event).await? {
        return Ok(());
    }
    settled(resolver, tenant, Status::Suspended).await
}

/// Switches it on again.
pub async fn resume(resolver: &Resolver, tenant: TenantId) -> Result<(), Error> {
    let event = |changed: store::Changed| {
        Ok(TenantResumed {
            tenant_id: tenant,
            subdomain: changed.subdomain()?,
        })
    };
    if Change::new(tenant, Transition::Resume)
        .publish(resolver, event)
        .await?
    {
        return Ok(());
    }
    settled(resolver, tenant, Status::Active).await
}

/// Switches it off for good: it is erased when the grace is over. Asked again with another grace, that one counts.
pub async fn delete(
    resolver: &Resolver,
    tenant: TenantId,
    grace: Option<Duration>,
) -> Result<(), Error> {
    let deletes_at = resolver.clock.now() + grace.unwrap_or(resolver.delete_grace);
    let change = Change {
        set: "deletes_at = $6",
        parameters: &[&deletes_at],
        ..Change::new(tenant, Transition::ScheduleDeletion)
    };
    let event = |changed: store::Changed| {
        Ok(TenantDeletionScheduled {
            tenant_id: tenant,
            subdomain: changed.subdomain()?,
            deletes_at,
        })
    };
    if !change.publish(resolver, event).await? {
        settled(resolver, tenant, Status::Deleting).await?;
        if grace.is_some() {
            let client = resolver.catalog.get().await?;
            store::reschedule(&client, tenant, deletes_at, resolver.clock.now()).await?;
        }
    }
    resolver.wake.sweep.notify_one();
    Ok(())
}

/// Takes a deletion back, as long as the grace lasts and the erasure has not begun.
pub async fn undelete(resolver: &Resolver, tenant: TenantId) -> Result<(), Error> {
    let change = Change {
        set: "deletes_at = null",
        // The first thing an erasure takes is the password.
        guard: "subdomain is not null and sealed_password is not null and deletes_at > $4",
        ..Change::new(tenant, Transition::Undelete)
    };
    let event = |changed: store::Changed| {
        Ok(TenantRestored {
            tenant_id: tenant,
            subdomain: changed.subdomain()?,
        })
    };
    if change.publish(resolver, event).await? {
        return Ok(());
    }
    settled(resolver, tenant, Status::Active).await
}

/// Why a change was not made: it was not needed, or it may not be.
async fn settled(resolver: &Resolver, tenant: TenantId, wanted: Status) -> Result<(), Error> {
    let client = resolver.catalog.get().await?;
    refused(state(&client, tenant).await?.as_ref(), wanted)
}

/// What to answer when a transition to `wanted` found no row to change.
pub(crate) fn refused(state: Option<&State>, wanted: Status) -> Result<(), Error> {
    match state {
        None
        | Some(State {
            subdomain: None, ..
        }) => Err(Error::Unknown),
        Some(state) if state.status == wanted => Ok(()),
        Some(state) if state.status.is_held() => Err(Error::Held),
        Some(state) => Err(Error::State(state.status)),
    }
}
