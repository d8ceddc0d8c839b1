//! Holds: for a moment nobody uses a tenant's database, and requests wait instead of failing.
//!
//! A hold ends by itself: whoever took it may die, so the resolver ends what is over every second. Who wants it
//! longer takes it again with the same purpose.

mod routes;
mod store;

use std::time::Duration;

use chrono::{DateTime, Utc};
use events::topic::tenant::{TenantHeld, TenantReleased};
use kernel::TenantId;

use crate::error::Error;
use crate::lifecycle::{self, Change, Purpose, Transition};
use crate::state::Resolver;
use crate::status::Status;

pub(crate) use routes::router;
pub(crate) use store::{count_open, over};

/// Takes a hold, or prolongs the one taken for the same purpose; answers when it ends by itself.
pub(crate) async fn hold(
    resolver: &Resolver,
    tenant: TenantId,
    purpose: Purpose,
    length: Duration,
) -> Result<DateTime<Utc>, Error> {
    let until = resolver.clock.now() + length;
    let name = purpose.to_string();
    let change = Change {
        reason: Some(&name),
        set: "held_until = $6, held_for = $7",
        parameters: &[&until, &name],
        ..Change::new(tenant, purpose.into())
    };
    let event = |changed: lifecycle::Changed| {
        Ok(TenantHeld {
            tenant_id: tenant,
            subdomain: changed.subdomain()?,
        })
    };
    if change.publish(resolver, event).await? {
        return Ok(until);
    }
    let client = resolver.catalog.get().await?;
    if store::prolong(&client, tenant, &name, until, resolver.clock.now()).await? {
        return Ok(until);
    }
    // Between the two statements the state may have changed; the caller may try again.
    let state = lifecycle::state(&client, tenant).await?;
    lifecycle::refused(state.as_ref(), Status::Active)?;
    Err(Error::Held)
}

/// Lets a held tenant go; with a cluster, which only a move may name, it lives there from then on.
pub(crate) async fn release(
    resolver: &Resolver,
    tenant: TenantId,
    cluster: Option<&str>,
) -> Result<(), Error> {
    if let Some(cluster) = cluster {
        let client = resolver.catalog.get().await?;
        store::cluster_named(&client, cluster).await?;
    }
    let change = Change {
        reason: cluster,
        set: "held_until = null, held_for = null,
            cluster_id = coalesce((select id from clusters where name = $6), cluster_id)",
        guard: "$6::text is null or held_for = 'move'",
        parameters: &[&cluster],
        ..Change::new(tenant, Transition::Release)
    };
    if change
        .publish(resolver, |changed| released(tenant, changed))
        .await?
    {
        return Ok(());
    }
    let client = resolver.catalog.get().await?;
    let state = lifecycle::state(&client, tenant).await?;
    let elsewhere = state
        .as_ref()
        .is_some_and(|state| cluster.is_some_and(|cluster| cluster != state.cluster));
    lifecycle::refused(state.as_ref(), Status::Active)?;
    // Active again without the move: its hold ran out, and its writes go on where they were.
    if elsewhere {
        Err(Error::State(Status::Active))
    } else {
        Ok(())
    }
}

/// Ends a hold whose time is over; false when it was prolonged or released meanwhile.
pub(crate) async fn end(resolver: &Resolver, tenant: TenantId) -> Result<bool, Error> {
    let change = Change {
        reason: Some("hold ran out"),
        set: "held_until = null, held_for = null",
        guard: "held_until is null or held_until <= $4",
        ..Change::new(tenant, Transition::EndHold)
    };
    change
        .publish(resolver, |changed| released(tenant, changed))
        .await
}

fn released(tenant: TenantId, changed: lifecycle::Changed) -> Result<TenantReleased, Error> {
    Ok(TenantReleased {
        tenant_id: tenant,
        subdomain: changed.subdomain()?,
    })
}
