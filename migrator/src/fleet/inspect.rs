//! Where databases stand. The catalog's note is believed for tenants unless asked to verify, so that
//! looking at a thousand of them costs one query.

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use serde::Serialize;

use super::{Fleet, Kind, ListError, Selection, Target, target};
use crate::database::Session;
use crate::error::Error;
use crate::registry::Note;

/// Notes written in one statement.
const NOTES: usize = 200;

/// One line of the answer.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// What a person calls it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
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
        .collect()
        .await;
    if verify {
        let notes: Vec<_> = lines.iter().filter_map(note).collect();
        for notes in notes.chunks(NOTES) {
            fleet.registry.write(&[], notes).await?;
        }
    }
    Ok(lines)
}

async fn one(fleet: &Fleet, target: Target, verify: bool) -> Inspection {
    let noted = target.noted().map(str::to_owned);
    if let Some(tenant) = target.tenant.as_ref().filter(|_| !verify) {
        let (error, at) = (tenant.last_error.clone(), tenant.schema_checked_at);
        return line(&target, noted, error, at);
    }
    let (version, error) = match ask(&target).await {
        Ok(steps) => (target.schema.version(steps).map(str::to_owned), None),
        Err(error) => (noted, Some(error.to_string())),
    };
    line(&target, version, error, Some(fleet.clock.now()))
}

fn note(line: &Inspection) -> Option<Note> {
    Some(Note {
        tenant: line.tenant_id?,
        version: line.version.clone(),
        error: line.last_error.clone(),
        at: line.checked_at?,
    })
}

/// Asks the database itself.
pub(super) async fn ask(target: &Target) -> Result<usize, Error> {
    let session = Session::connect(&target.address, target.schema).await?;
    let steps = session.steps().await;
    session.close().await;
    steps
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
        kind: target.kind,
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
