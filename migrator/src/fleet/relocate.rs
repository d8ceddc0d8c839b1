//! One database of a run: where it should go, whether it is there, and the way.

use super::run::RunError;
use super::{Selection, Target, Wave};
use crate::database::Session;
use crate::error::Error;

/// Where a database was and is.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) result: Result<(), Error>,
    /// The database itself was asked, not only the catalog.
    pub(super) asked: bool,
}

impl Moved {
    /// The catalog's word is enough.
    pub(super) fn not_needed(target: &Target) -> Self {
        Self {
            asked: false,
            ..Self::by_the_catalog(target, Ok(()))
        }
    }

    /// The resolver is still making this database: it copies a template that is migrated by now.
    pub(super) fn is_unfinished(&self, target: &Target) -> bool {
        let provisioning = |status: &str| status == "provisioning";
        let missing = self.result.as_ref().is_err_and(Error::missing_database);
        let tenant = target.tenant.as_ref();
        missing && tenant.is_some_and(|tenant| provisioning(&tenant.status))
    }

    fn by_the_catalog(target: &Target, result: Result<(), Error>) -> Self {
        let noted = target.noted().map(str::to_owned);
        Self {
            from: noted.clone(),
            to: noted,
            result,
            asked: true,
        }
    }
}

/// How many steps a database should have behind it. Over the whole fleet `to` speaks of tenants.
pub(super) fn goal(
    target: &Target,
    selection: &Selection,
    to: Option<&str>,
) -> Result<usize, RunError> {
    let shared = matches!(selection, Selection::Everything) && target.wave == Wave::Platform;
    let Some(version) = to.filter(|_| !shared) else {
        return Ok(target.schema.head());
    };
    let unknown = || RunError::Version {
        version: version.to_owned(),
        schema: target.schema.name,
    };
    target.schema.steps(version).ok_or_else(unknown)
}

/// The catalog already says that this tenant is where it should be.
pub(super) fn is_noted_at(target: &Target, goal: usize, down: bool) -> bool {
    let Some(tenant) = target
        .tenant
        .as_ref()
        .filter(|tenant| tenant.last_error.is_none())
    else {
        return false;
    };
    let noted = tenant.schema_version.as_deref();
    match noted.and_then(|version| target.schema.steps(version)) {
        Some(noted) if down => noted <= goal,
        Some(noted) => noted >= goal,
        None => false,
    }
}

/// Takes the steps, and looks where the database stands afterwards whatever happened.
pub(super) async fn relocate(target: &Target, goal: usize, down: bool) -> Moved {
    match steps(target, goal, down).await {
        Ok(moved) => moved,
        Err(error) => Moved::by_the_catalog(target, Err(error)),
    }
}

async fn steps(target: &Target, goal: usize, down: bool) -> Result<Moved, Error> {
    let session = Session::open(&target.address, target.schema).await?;
    let from = session.steps().await?;
    let result = match down {
        true => session.down(goal).await,
        false => session.up(goal).await,
    };
    let to = session.steps().await.unwrap_or(from);
    session.close().await;
    let name = |steps| target.schema.version(steps).map(str::to_owned);
    Ok(Moved {
        from: name(from),
        to: name(to),
        result,
        asked: true,
    })
}
