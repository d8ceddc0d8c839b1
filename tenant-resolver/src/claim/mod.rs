//! Claiming a spare for an organization, and what becomes of the claim: confirmed or released.
//!
//! A claim is one conditional update that skips rows others hold, so that no spare is handed out twice; it is
//! known by its request id, so that asking again answers the same tenant. Only confirming makes a tenant active.

mod routes;
mod store;

use std::time::Instant;

use chrono::{DateTime, Utc};
use kernel::{Subdomain, TenantId};

use crate::error::Error;
use crate::provision;
use crate::state::Resolver;
use crate::status::Status;

pub(crate) use routes::router;
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
                provision::build_spare(resolver).await?;
            }
        }
    }
    Err(Error::NoSpare)
}

async fn take(resolver: &Resolver, claim: &Claim) -> Result<store::Outcome, Error> {
    let client = resolver.catalog.get().await?;
    store::take_spare(&client, claim, resolver.clock.now()).await
}

/// Makes a claimed tenant active and publishes it; a second call changes nothing.
pub async fn confirm(resolver: &Resolver, tenant: TenantId) -> Result<(), Error> {
    let mut client = resolver.catalog.get().await?;
    if store::confirm(&mut client, resolver, tenant).await? {
        resolver.wake.outbox.notify();
        tracing::info!(tenant.id = %tenant, "tenant confirmed");
        return Ok(());
    }
    match store::state(&client, tenant).await? {
        Some((Status::Active | Status::Suspended | Status::Migrating | Status::Moving, _)) => {
            Ok(())
        }
        _ => Err(Error::Unknown),
    }
}

/// Gives up an unconfirmed claim: its name is free at once, its database dropped in the background.
pub async fn release(resolver: &Resolver, tenant: TenantId) -> Result<(), Error> {
    let client = resolver.catalog.get().await?;
    if store::release(&client, tenant, resolver.clock.now()).await? {
        resolver.wake.sweep.notify_one();
        tracing::info!(tenant.id = %tenant, "claim released");
        return Ok(());
    }
    match store::state(&client, tenant).await? {
        Some((Status::Deleting | Status::Deleted, None)) => Ok(()),
        Some((_, Some(_))) => Err(Error::Confirmed),
        _ => Err(Error::Unknown),
    }
}

/// Whether nobody has the name now.
async fn is_free(resolver: &Resolver, subdomain: &Subdomain) -> Result<bool, Error> {
    let client = resolver.catalog.get().await?;
    store::is_free(&client, subdomain).await
}

/// Claims made before this moment have had their time to be confirmed.
pub(crate) fn overdue_since(resolver: &Resolver) -> DateTime<Utc> {
    resolver.clock.now() - resolver.claim_timeout
}
