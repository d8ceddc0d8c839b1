//! Moves that a crash left: finished when the catalog has the tenant on the target, undone otherwise.

use kernel::{ClusterId, TenantId};
use serde::Serialize;
use tokio_postgres::error::SqlState;

use super::copy::Copy;
use super::journal::{self, Journal, Open, Stage};
use crate::clusters::{self, Place};
use crate::resolver::Resolver;
use crate::tenants::{Error, Operator, Tell, freeze};

/// What became of a move that a crash left.
#[derive(Clone, Debug, Serialize)]
pub struct Recovered {
    /// What a person calls the tenant.
    pub tenant: String,
    /// `finished` on the target, `undone` on the target, or `running`: somebody is at it.
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
    let mut subject = operator.tenant_or_erased(open.tenant).await?;
    let recovered = |outcome| Recovered {
        tenant: subject.label(),
        outcome,
        holder: open.holder.clone(),
        cluster: subject.cluster.name.clone(),
    };
    // Whoever moves a tenant holds the lock of its database on the source as long as it is there.
    if !is_idle(operator, source, &subject.database).await? {
        return Ok(recovered("running"));
    }
    let journal = Journal::of(operator, open.id);
    if subject.cluster.id == target.id {
        tell(&format!("{}: finish an earlier move", subject.label()));
        let done = recovered("finished");
        subject.cluster = source.clone();
        let copy = Copy::new(operator, &subject, target);
        copy.finish(false).await?;
        journal.finish(Stage::Done, None).await?;
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
    Ok(recovered("undone"))
}

/// Nobody works in the database, or it is closed or gone. A server that is away tells nothing.
async fn is_idle(operator: &Operator, source: &Place, database: &str) -> Result<bool, Error> {
    match operator.connect(source, database).await {
        Ok(client) => freeze::attempt(&client).await,
        Err(error) => match error.state() {
            Some(&SqlState::INVALID_CATALOG_NAME | &SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE) => {
                Ok(true)
            }
            _ => Err(error),
        },
    }
}

fn place(places: &[Place], id: ClusterId) -> Result<&Place, Error> {
    let found = places.iter().find(|place| place.id == id);
    found.ok_or_else(|| Error::UnknownCluster(id.to_string()))
}
