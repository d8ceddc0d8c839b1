//! One database of a run: where it should go, whether it is there, and the way.

use std::time::{Duration, Instant};

use super::run::RunError;
use super::throttle::Throttle;
use super::{Kind, Selection, Target};
use crate::database::Session;
use crate::error::Error;

/// Another session's work in the database; then the others go first.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// What is to be done with a database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    /// So many steps should be behind it.
    pub(super) goal: usize,
    /// Take steps back instead.
    pub(super) down: bool,
    /// Roll everything back.
    pub(super) rehearse: bool,
}

/// Where a database was and is.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) result: Result<(), Error>,
    /// The database itself was asked, not only the catalog.
    pub(super) asked: bool,
    /// The step a rehearsal ended before.
    pub(super) not_tried: Option<&'static str>,
}

impl Moved {
    /// The catalog's word is enough.
    pub(super) fn not_needed(target: &Target) -> Self {
        Self {
            asked: false,
            ..Self::by_the_catalog(target, Ok(()))
        }
    }

    /// The resolver is still making this database, of a template that is migrated by now, or removing it.
    pub(super) fn is_unfinished(&self, target: &Target) -> bool {
        let unfinished = |status: &str| matches!(status, "provisioning" | "deleting");
        let missing = self.result.as_ref().is_err_and(Error::missing_database);
        let tenant = target.tenant.as_ref();
        missing && tenant.is_some_and(|tenant| unfinished(&tenant.status))
    }

    pub(super) fn by_the_catalog(target: &Target, result: Result<(), Error>) -> Self {
        let noted = target.noted().map(str::to_owned);
        Self {
            from: noted.clone(),
            to: noted,
            result,
            asked: true,
            not_tried: None,
        }
    }
}

/// How many steps a database should have behind it. Over the whole fleet `to` speaks of tenants.
pub(super) fn goal(
    target: &Target,
    selection: &Selection,
    to: Option<&str>,
) -> Result<usize, RunError> {
    let shared = matches!(selection, Selection::Everything) && target.kind == Kind::Platform;
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
pub(super) fn is_noted_at(target: &Target, order: Order) -> bool {
    let Some(tenant) = target
        .tenant
        .as_ref()
        .filter(|tenant| tenant.last_error.is_none())
    else {
        return false;
    };
    let noted = tenant.schema_version.as_deref();
    match noted.and_then(|version| target.schema.steps(version)) {
        Some(noted) if order.down => noted <= order.goal,
        Some(noted) => noted >= order.goal,
        None => false,
    }
}

/// Takes the steps, and tells where the database stands afterwards by its own record.
pub(super) async fn relocate(target: &Target, order: Order, throttle: &Throttle) -> Moved {
    match steps(target, order, throttle).await {
        Ok(moved) => moved,
        Err(error) => Moved::by_the_catalog(target, Err(error)),
    }
}

async fn steps(target: &Target, order: Order, throttle: &Throttle) -> Result<Moved, Error> {
    let begun = Instant::now();
    let session = Session::connect(&target.address, target.schema).await?;
    throttle.connected(begun.elapsed(), Instant::now());
    let from = session.lock(LOCK_PATIENCE).await?;
    let mut moved = Moved {
        from: name(target, from),
        to: name(target, from),
        result: Ok(()),
        asked: true,
        not_tried: None,
    };
    if order.rehearse {
        match session.rehearse(from, order.goal).await {
            Ok(rehearsal) => {
                moved.to = name(target, rehearsal.reached);
                moved.not_tried = rehearsal.not_tried;
            }
            Err(error) => moved.result = Err(error),
        }
    } else {
        let (reached, result) = match order.down {
            true => session.retreat(from, order.goal).await,
            false => session.advance(from, order.goal).await,
        };
        moved.to = name(target, reached);
        moved.result = result;
    }
    session.close().await;
    Ok(moved)
}

fn name(target: &Target, steps: usize) -> Option<String> {
    target.schema.version(steps).map(str::to_owned)
}
