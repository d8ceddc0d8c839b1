//! A tenant's way to another cluster while it is in use, by logical replication.
//!
//! Copy with writes going on; hold; let the copy catch up to the last commit; release on the other side. Until the
//! release the tenant lives on the source and everything else is undone; from the release on it lives on the target
//! and the rest is finished. Which of the two a crash left is told by the catalog alone. See `docs/adr/0011`.

mod copy;
mod journal;
mod recover;
mod switch;
mod workers;

use std::time::{Duration, Instant};

use kernel::TenantId;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::freeze::Freeze;
use super::restore::{millis, passes};
use super::{Error, Operator, Subject, Tell};
use crate::clusters::{self, Place};
use crate::resolver::Resolver;

pub use copy::Copy;
pub use recover::{Recovered, recover};
pub use workers::Turn;

use journal::{Journal, Stage};
use workers::Alive;

/// How often a tenant with requests in long transactions is tried again, and how long after.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);

/// What to move where.
#[derive(Clone, Debug)]
pub struct Request {
    /// The cluster's name.
    pub to: String,
    /// Compare every value, not only the number of rows; the pause grows with the data.
    pub verify: bool,
    /// Leave the source's database, with connections off.
    pub keep_source: bool,
    /// The operator's wish to stop; heeded until the switch.
    pub stop: CancellationToken,
}

/// What became of a move.
#[derive(Clone, Debug, Serialize)]
pub struct Moved {
    /// The tenant.
    pub tenant_id: TenantId,
    /// What a person calls it.
    pub tenant: String,
    /// Where it was.
    pub from: String,
    /// Where it is.
    pub to: String,
    /// Rows that were counted on both sides; none when there were too many to count in the pause.
    pub rows: Option<i64>,
    /// How often it was held.
    pub attempts: u32,
    /// How long writes waited: from asking to hold to the answer of the release.
    pub pause_ms: f64,
    /// How long it took in all.
    pub duration_ms: f64,
}

/// Moves one tenant.
pub async fn run(
    operator: &Operator,
    resolver: &Resolver,
    tenant: &str,
    request: &Request,
    tell: Tell<'_>,
) -> Result<Moved, Error> {
    let started = Instant::now();
    let subject = operator.tenant(tenant).await?;
    recover(operator, resolver, Some(subject.id), tell).await?;
    let subject = operator.tenant(tenant).await?;
    let target = clusters::find(&operator.registry, &request.to).await?;
    check(&subject, &target)?;
    let alive = Alive::take(operator, &target, subject.id).await?;
    let alive = alive.ok_or_else(|| Error::Locked(subject.label()))?;
    // A new column on one side and not on the other would stop the replication.
    let freeze = Freeze::take(operator, &subject).await?;
    let copy = Copy::new(operator, &subject, &target);
    // Before the journal: from there on, whatever has the copy's name is ours to drop.
    copy.vacant().await?;
    let turn = copy.turn(&request.stop, tell).await?;
    let journal = Journal::begin(operator, &subject, &target).await?;
    let moved = async {
        prepare(&copy, request, tell).await?;
        journal.stage(Stage::Switching).await?;
        switch_patiently(&copy, resolver, &freeze, request, tell).await
    };
    let (switched, attempts) = match Box::pin(moved).await {
        Ok(done) => done,
        Err(error) => {
            drop(freeze);
            undo(&copy, &journal, &error, tell).await;
            return Err(error);
        }
    };
    tell("clear up on the source");
    drop(freeze);
    let cleared = async {
        journal.switched(switched.pause_ms).await?;
        copy.finish(request.keep_source).await?;
        journal.finish(Stage::Done, None).await
    };
    cleared.await.map_err(|source| Error::Unfinished {
        tenant: subject.label(),
        cluster: target.name.clone(),
        source: Box::new(source),
    })?;
    drop((turn, alive));
    Ok(Moved {
        tenant_id: subject.id,
        tenant: subject.label(),
        from: subject.cluster.name.clone(),
        to: target.name,
        rows: switched.rows,
        attempts,
        pause_ms: switched.pause_ms,
        duration_ms: millis(started),
    })
}

fn check(subject: &Subject, target: &Place) -> Result<(), Error> {
    subject.needs_active()?;
    if subject.cluster.id == target.id {
        let (label, name) = (subject.label(), &target.name);
        return Err(Error::Refused(format!("{label} is on {name} already")));
    }
    Ok(())
}

async fn prepare(copy: &Copy, request: &Request, tell: Tell<'_>) -> Result<(), Error> {
    tell("make an empty copy on the target");
    copy.prepare().await?;
    copy.replicate().await?;
    copy.synced(&request.stop, tell).await?;
    copy.caught_up(&request.stop).await
}

async fn switch_patiently(
    copy: &Copy,
    resolver: &Resolver,
    freeze: &Freeze,
    request: &Request,
    tell: Tell<'_>,
) -> Result<(switch::Switched, u32), Error> {
    let mut attempt = 1;
    loop {
        tell("hold the tenant and switch");
        match switch::switch(copy, resolver, freeze, request.verify).await {
            Ok(switched) => return Ok((switched, attempt)),
            Err(error) if attempt < ATTEMPTS && passes(&error) => {
                attempt += 1;
                tell("the tenant is busy: once more in a moment");
                tokio::select! {
                    () = request.stop.cancelled() => return Err(Error::Stopped),
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// Takes back what a failed move made. What cannot be taken back now is by the next move: the journal stays open.
async fn undo(copy: &Copy, journal: &Journal, error: &Error, tell: Tell<'_>) {
    tell("failed: undo");
    // The release's answer may have been lost on the way.
    let still_here = copy.lives_on_source().await;
    if matches!(still_here, Ok(true)) && copy.roll_back().await.is_ok() {
        let why = error.to_string();
        drop(journal.finish(Stage::RolledBack, Some(&why)).await);
    }
}
