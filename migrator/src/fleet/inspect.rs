//! Where databases stand. The catalog's note is believed for tenants unless asked to verify, so that
//! looking at a thousand of them costs one query.

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::{Fleet, ListError, RunError, Selection, Target, Wave, relocate, target};
use crate::database::Session;
use crate::error::Error;
use crate::registry::RegistryError;

/// One line of the answer.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// What a person calls it.
    pub name: String,
    /// Its wave.
    pub wave: Wave,
    /// The tenant's id.
    pub tenant_id: Option<kernel::TenantId>,
    /// The name it answers to.
    pub subdomain: Option<String>,
    /// Its server.
    pub cluster: String,
    /// The database itself.
    pub database: String,
    /// The state of the tenant's life.
    pub status: Option<String>,
    /// The version it stands at; none when empty or unknown.
    pub version: Option<String>,
    /// How many steps it is behind; none when that cannot be said.
    pub behind: Option<usize>,
    /// In one word.
    pub state: State,
    /// Why it is not further, or could not be asked.
    pub last_error: Option<String>,
    /// When its version was last seen.
    pub checked_at: Option<DateTime<Utc>>,
}

/// A database's standing in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// At the newest version.
    Current,
    /// At an older one.
    Behind,
    /// At a version this program does not know.
    Unknown,
    /// The last attempt failed, or it could not be asked.
    Failed,
}

impl State {
    /// As it is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Behind => "behind",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

/// Where everything that `selection` names stands. With `verify` every database is asked, and what
/// it says is noted in the catalog.
pub async fn inspect(
    fleet: &Fleet,
    selection: &Selection,
    verify: bool,
) -> Result<Vec<Inspection>, ListError> {
    let targets = target::list(&fleet.registry, &fleet.platform, selection).await?;
    let lines: Vec<Inspection> = stream::iter(targets)
        .map(|target| one(fleet, target, verify))
        .buffered(fleet.parallel.get())
        .try_collect()
        .await?;
    Ok(lines)
}

async fn one(fleet: &Fleet, target: Target, verify: bool) -> Result<Inspection, RegistryError> {
    let Some(tenant) = target.tenant.as_ref().filter(|_| !verify) else {
        let found = ask(&target).await;
        return seen(fleet, &target, found).await;
    };
    let (version, error) = (target.noted().map(str::to_owned), tenant.last_error.clone());
    Ok(line(&target, version, error, tenant.schema_checked_at))
}

/// Asks the database itself.
async fn ask(target: &Target) -> Result<usize, Error> {
    let session = Session::connect(&target.address, target.schema).await?;
    let steps = session.steps().await;
    session.close().await;
    steps
}

async fn seen(
    fleet: &Fleet,
    target: &Target,
    found: Result<usize, Error>,
) -> Result<Inspection, RegistryError> {
    let now = fleet.clock.now();
    let (version, error) = match found {
        Ok(steps) => (target.schema.version(steps).map(str::to_owned), None),
        Err(error) => (target.noted().map(str::to_owned), Some(error.to_string())),
    };
    if let Some(tenant) = &target.tenant {
        let (version, error) = (version.as_deref(), error.as_deref());
        fleet
            .registry
            .note_version(tenant.id, version, error, now)
            .await?;
    }
    Ok(line(target, version, error, Some(now)))
}

fn line(
    target: &Target,
    version: Option<String>,
    last_error: Option<String>,
    checked_at: Option<DateTime<Utc>>,
) -> Inspection {
    let behind = target.schema.behind(version.as_deref());
    let state = match behind {
        _ if last_error.is_some() => State::Failed,
        None => State::Unknown,
        Some(0) => State::Current,
        Some(_) => State::Behind,
    };
    let tenant = target.tenant.as_ref();
    Inspection {
        name: target.label().to_owned(),
        wave: target.wave,
        tenant_id: tenant.map(|tenant| tenant.id),
        subdomain: tenant.and_then(|tenant| tenant.subdomain.clone()),
        cluster: target.cluster.clone(),
        database: target.database().to_owned(),
        status: tenant.map(|tenant| tenant.status.clone()),
        version,
        behind,
        state,
        last_error,
        checked_at,
    }
}

/// What `up` would run in one database.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What a person calls it.
    pub name: String,
    /// Its wave.
    pub wave: Wave,
    /// Its server.
    pub cluster: String,
    /// The database itself.
    pub database: String,
    /// The version it stands at.
    pub from: Option<String>,
    /// The steps to come, in order.
    pub migrations: Vec<&'static str>,
}

/// What `up` would run where; databases with nothing to run are left out.
pub async fn plan(
    fleet: &Fleet,
    selection: &Selection,
    to: Option<&str>,
) -> Result<Vec<Step>, RunError> {
    let mut steps = Vec::new();
    let targets = target::list(&fleet.registry, &fleet.platform, selection).await?;
    for target in &targets {
        let goal = relocate::goal(target, selection, to)?;
        let noted = target
            .noted()
            .and_then(|version| target.schema.steps(version));
        let at = match noted {
            Some(noted) => noted,
            // A database that cannot be asked is planned from its beginning; `up` will say why.
            None => ask(target).await.unwrap_or_default(),
        };
        let ahead = target.schema.migrations.iter().take(goal).skip(at);
        let migrations: Vec<_> = ahead.map(|migration| migration.name).collect();
        if !migrations.is_empty() {
            steps.push(Step {
                name: target.label().to_owned(),
                wave: target.wave,
                cluster: target.cluster.clone(),
                database: target.database().to_owned(),
                from: target.schema.version(at).map(str::to_owned),
                migrations,
            });
        }
    }
    Ok(steps)
}
