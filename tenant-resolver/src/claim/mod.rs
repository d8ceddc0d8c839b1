//! Claiming a spare for an organization, and what becomes of the claim: confirmed or abandoned.
//!
//! A claim is one conditional update that skips rows others hold, so that no spare is handed out twice; it is
//! known by its request id, so that asking again answers the same tenant. Only confirming makes a tenant active.

mod routes;
mod store;

use std::time::Instant;

use chrono::{DateTime, Utc};
use events::topic::tenant::TenantCreated;
use kernel::{Subdomain, TenantId};

use crate::error::Error;
use crate::lifecycle::{self, Change, Transition};
use crate::provision;
use crate::state::Resolver;
use crate::status::Status;

pub(crate) use routes::{answer, router};
pub(crate) use store::unconfirmed;

/// How often a claim asks again after losing a race for a spare or for the name.
const ATTEMPTS: u32 = 6;

/// What a sign-up asks for.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Names the sign-up: the same one never gets a second tenant.
    pub request_id: String,
    /// Where the organization will live.
    pub subdomain: Subdomain,
    /// What it is called.
    pub name: String,
    /// On this cluster and no other.
    pub cluster: Option<String>,
}

/// The tenant of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: TenantId,
    /// `provisioning` until confirmed.
    pub status: Status,
    /// False when this request id had claimed it before.
    pub new: bool,
}

/// Claims a spare in one round trip; builds one only when none is left.
pub async fn claim(resolver: &Resolver, claim: &Claim) -> Result<Claimed, Error> {
    let started = Instant::now();
    let claimed = attempt_until_settled(resolver, claim).await;
    metrics::histogram!("resolver_claim_duration_seconds").record(started.elapsed());
    claimed
}

async fn attempt_until_settled(resolver: &Resolver, claim: &Claim) -> Result<Claimed, Error> {
    for _ in 0..ATTEMPTS {
        match take(resolver, claim).await? {
            store::Outcome::Spare(claimed) => {
                resolver.wake.stock.notify_one();
                return Ok(claimed);
            }
            store::Outcome::Earlier { subdomain, .. } if subdomain != claim.subdomain.as_str() => {
                return Err(Error::RequestReused);
            }
            store::Outcome::Earlier { claimed, .. } => return Ok(claimed),
            store::Outcome::NameTaken => return Err(Error::SubdomainTaken),
            store::Outcome::LostRace => {}
            store::Outcome::NoSpare => {
                let _permit = resolver.builds.acquire().await;
                // Another sign-up may take what is built here; then this one builds again.
                provision::build(resolver, claim.cluster.as_deref()).await?;
            }
        }
    }
    Err(Error::NoSpare)
}

async fn take(resolver: &Resolver, claim: &Claim) -> Result<store::Outcome, Error> {
    let client = resolver.catalog.get().await?;
    let order = resolver.placement.order();
    store::take_spare(&client, claim, &order, resolver.clock.now()).await
}

/// Makes a claimed tenant active and publishes it; a second call changes nothing.
pub async fn confirm(resolver: &Resolver, tenant: TenantId) -> Result<(), Error> {
    let change = Change {
        guard: "subdomain is not null",
        ..Change::new(tenant, Transition::Confirm)
    };
    let event = |changed: lifecycle::Changed| {
        Ok(TenantCreated {
            tenant_id: tenant,
            name: changed.name.clone().ok_or(Error::Malformed("name"))?,
            subdomain: changed.subdomain()?,
        })
    };
    if change.publish(resolver, event).await? {
        return Ok(());
    }
    let client = resolver.catalog.get().await?;
    match lifecycle::state(&client, tenant).await? {
        Some(state) if state.is_confirmed() => Ok(()),
        _ => Err(Error::Unknown),
    }
}

/// Gives up an unconfirmed claim: its name is free at once, its database dropped in the background.
pub async fn abandon(resolver: &Resolver, tenant: TenantId) -> Result<(), Error> {
    let change = Change {
        set: "subdomain = null, request_id = null",
        guard: "subdomain is not null",
        ..Change::new(tenant, Transition::Abandon)
    };
    let client = resolver.catalog.get().await?;
    if change.apply(&client, resolver.clock.now()).await?.is_some() {
        resolver.wake.sweep.notify_one();
        tracing::info!(tenant.id = %tenant, "claim abandoned");
        return Ok(());
    }
    match lifecycle::state(&client, tenant).await? {
        Some(state) if state.subdomain.is_some() => Err(Error::Confirmed),
        Some(state) if matches!(state.status, Status::Deleting | Status::Deleted) => Ok(()),
        _ => Err(Error::Unknown),
    }
}

/// Claims made before this moment have had their time to be confirmed.
pub(crate) fn overdue_since(resolver: &Resolver) -> DateTime<Utc> {
    resolver.clock.now() - resolver.claim_timeout
}
