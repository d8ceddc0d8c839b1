//! What a tenant's database really holds, against its cluster's template at the same version.
//!
//! One query a database lists every object with its definition; what differs is told object by object.

mod difference;
mod listing;
mod mend;

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use crate::database::Session;
use crate::error::Error;
use crate::fleet::{Fleet, Kind, ListError, Selection, Target, target};

pub use difference::Difference;
use listing::Listing;

/// One database's answer.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What a person calls it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its server.
    pub cluster: String,
    /// The database itself.
    pub database: String,
    /// The version it stands at.
    pub version: Option<&'static str>,
    /// How it compares.
    pub state: State,
    /// SHA-256 of everything listed: equal for equal schemas.
    pub fingerprint: Option<String>,
    /// What is not as in the template.
    pub differences: Vec<Difference>,
    /// What was mended.
    pub fixed: Vec<String>,
    /// Why it could not be compared.
    pub error: Option<String>,
}

/// How a database compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As the template.
    Same,
    /// Not as the template.
    Differs,
    /// At another version than the template, hence not compared.
    OtherVersion,
    /// Could not be asked.
    Failed,
}

impl State {
    /// As it is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::OtherVersion => "other version",
            Self::Failed => "failed",
        }
    }
}

/// Why nothing was compared.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The fleet could not be listed.
    #[error(transparent)]
    List(#[from] ListError),
    /// The comparison of a database panicked.
    #[error("the comparison broke off")]
    Broken(#[from] tokio::task::JoinError),
}

/// A template's objects, or why they are not known.
type Template = Result<Listing, String>;

/// Compares what `selection` names; with `fix`, mends what can be mended without risk and compares again.
pub async fn verify(
    fleet: &Fleet,
    selection: &Selection,
    fix: bool,
) -> Result<Vec<Check>, VerifyError> {
    let templates = Selection::Database(Kind::Template.as_str().to_owned());
    let templates = target::list(&fleet.registry, &fleet.platform, &templates).await?;
    let templates: BTreeMap<String, Template> = stream::iter(templates)
        .map(|template| async move {
            let listing = listing::read(&template).await;
            let listing = listing.map_err(|error| format!("the template: {error}"));
            (template.cluster, listing)
        })
        .buffer_unordered(fleet.parallel.get())
        .collect()
        .await;
    let templates = std::sync::Arc::new(templates);
    let mut targets = target::list(&fleet.registry, &fleet.platform, selection).await?;
    targets.retain(is_settled);
    let checks = stream::iter(targets)
        .map(|target| {
            let templates = std::sync::Arc::clone(&templates);
            // A task of its own, so that all cores take part.
            tokio::spawn(async move { check(&target, templates.get(&target.cluster), fix).await })
        })
        .buffered(fleet.parallel.get())
        .try_collect()
        .await?;
    Ok(checks)
}

/// A tenant whose database is neither being built nor being removed.
fn is_settled(target: &Target) -> bool {
    let unsettled = |status: &str| matches!(status, "provisioning" | "deleting" | "failed");
    let tenant = target.tenant.as_ref();
    tenant.is_some_and(|tenant| !unsettled(&tenant.status))
}

async fn check(target: &Target, template: Option<&Template>, fix: bool) -> Check {
    let (template, found) = match template {
        Some(Ok(template)) => (template, listing::read(target).await),
        Some(Err(error)) => return failed(target, error.clone()),
        None => return failed(target, "its cluster has no template".to_owned()),
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => return failed(target, error.to_string()),
    };
    let mut check = compare(target, template, &found);
    if fix && !check.differences.is_empty() {
        match mended(target, &check.differences).await {
            Ok((found, fixed)) => {
                check = compare(target, template, &found);
                check.fixed = fixed;
            }
            Err(error) => check.error = Some(format!("mend: {error}")),
        }
    }
    check
}

async fn mended(
    target: &Target,
    differences: &[Difference],
) -> Result<(Listing, Vec<String>), Error> {
    let session = Session::open(&target.address, target.schema).await?;
    let mut fixed = Vec::new();
    for difference in differences {
        for statement in mend::statements(target, difference) {
            session.client().batch_execute(&statement).await?;
            fixed.push(statement);
        }
    }
    session.close().await;
    Ok((listing::read(target).await?, fixed))
}

fn compare(target: &Target, template: &Listing, found: &Listing) -> Check {
    let mut check = empty(target, State::Same);
    check.version = target.schema.version(found.steps);
    check.fingerprint = Some(found.fingerprint());
    if found.steps != template.steps {
        check.state = State::OtherVersion;
        return check;
    }
    check.differences = difference::between(&template.expected(), &found.objects);
    if !check.differences.is_empty() {
        check.state = State::Differs;
    }
    check
}

fn failed(target: &Target, error: String) -> Check {
    Check {
        error: Some(error),
        ..empty(target, State::Failed)
    }
}

fn empty(target: &Target, state: State) -> Check {
    Check {
        name: target.label().to_owned(),
        kind: target.kind,
        cluster: target.cluster.clone(),
        database: target.database().to_owned(),
        version: None,
        state,
        fingerprint: None,
        differences: Vec::new(),
        fixed: Vec::new(),
        error: None,
    }
}
