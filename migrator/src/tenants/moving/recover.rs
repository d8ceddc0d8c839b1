//! Moves that a crash left: finished when the catalog has the tenant on the target, undone otherwise.

use std::time::Duration;

use kernel::{ClusterId, TenantId};
use serde::Serialize;
use tokio::time::Instant;

use super::copy::Copy;
use super::journal::{self, Journal, Open, Stage};
use super::workers::Alive;
use crate::clusters::{self, Place};
use crate::resolver::Resolver;
use crate::tenants::{Error, Operator, Subject, Tell};

/// How long a killed migrator's sessions may outlive it.
const AFTERLIFE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(100);

/// What became of a move that a crash left.
#[derive(Clone, Debug, Serialize)]
pub struct Recovered {
    /// What a person calls the tenant.
    pub tenant: String,
    /// `finished` on the target, `undone` there, `running` when somebody is at it, `ended` when he just was.
    pub outcome: &'static str,
    /// Who began it.
    pub holder: String,
    /// The cluster the tenant lives on.
    pub cluster: String,
}

/// Finishes or undoes every open move, of one tenant if asked. One that is still going on is refused for the tenant
/// asked for, and left alone otherwise.
pub async fn recover(
    operator: &Operator,
    resolver: &Resolver,
    tenant: Option<TenantId>,
    tell: Tell<'_>,
) -> Result<Vec<Recovered>, Error> {
    let mut recovered = Vec::new();
    for open in journal::open(&operator.registry, tenant).await? {
        let outcome = Box::pin(one(operator, resolver, &open, tell)).await?;
        if tenant.is_some() && outcome.outcome == "running" {
            return Err(Error::Refused(format!(
                "{} is being moved since {} by {}",
                outcome.tenant,
                open.started_at.format("%F %T"),
                open.holder
            )));
        }
        recovered.push(outcome);
    }
    Ok(recovered)
}

async fn one(
    operator: &Operator,
    resolver: &Resolver,
    open: &Open,
    tell: Tell<'_>,
) -> Result<Recovered, Error> {
    let places = clusters::list(&operator.registry).await?;
    let (source, target) = (place(&places, open.source)?, place(&places, open.target)?);
    let told = |subject: &Subject, outcome| Recovered {
        tenant: subject.label(),
        outcome,
        holder: open.holder.clone(),
        cluster: subject.cluster.name.clone(),
    };
    let Some(alive) = taken_over(operator, target, open.tenant).await? else {
        let subject = operator.tenant_or_erased(open.tenant).await?;
        return Ok(told(&subject, "running"));
    };
    // Only from here on does nobody else change what is read: whoever was at it may have ended just before.
    let mut subject = operator.tenant_or_erased(open.tenant).await?;
    if !journal::is_open(&operator.registry, open.id).await? {
        return Ok(told(&subject, "ended"));
    }
    let journal = Journal::of(operator, open.id);
    if subject.cluster.id == target.id {
        tell(&format!("{}: finish an earlier move", subject.label()));
        let done = told(&subject, "finished");
        subject.cluster = source.clone();
        let copy = Copy::new(operator, &subject, target);
        copy.finish(false).await?;
        journal.finish(Stage::Done, None).await?;
        drop(alive);
        return Ok(done);
    }
    tell(&format!("{}: undo an earlier move", subject.label()));
    if subject.held_for.as_deref() == Some("move") {
        resolver.release(subject.id, None).await?;
    }
    let copy = Copy::new(operator, &subject, target);
    copy.roll_back().await?;
    let why = "the migrator died; undone by a later one";
    journal.finish(Stage::RolledBack, Some(why)).await?;
    drop(alive);
    Ok(told(&subject, "undone"))
}

/// The sessions of a migrator that was just killed end a moment after it.
async fn taken_over(
    operator: &Operator,
    target: &Place,
    tenant: TenantId,
) -> Result<Option<Alive>, Error> {
    let deadline = Instant::now() + AFTERLIFE;
    loop {
        let alive = Alive::take(operator, target, tenant).await?;
        if alive.is_some() || Instant::now() >= deadline {
            return Ok(alive);
        }
        tokio::time::sleep(POLL).await;
    }
}

fn place(places: &[Place], id: ClusterId) -> Result<&Place, Error> {
    let found = places.iter().find(|place| place.id == id);
    found.ok_or_else(|| Error::UnknownCluster(id.to_string()))
}
