//! What on the servers wants mending before it hurts. Looks and never touches; every finding says what to do.

mod databases;
mod server;

use futures::{StreamExt, stream};
use serde::Serialize;

use crate::fleet::{Fleet, ListError};
use crate::registry::{Cluster, RegistryError};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Hint,
    /// Must be mended.
    Mend,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// On which server; `-` for the catalog.
    pub cluster: String,
    /// What was looked at, in one word.
    pub check: &'static str,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

/// Why nothing was looked at.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// The catalog did not answer.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A cluster's address is no address.
    #[error(transparent)]
    List(#[from] ListError),
}

/// Looks at the catalog and at every server.
pub async fn examine(fleet: &Fleet) -> Result<Vec<Finding>, DoctorError> {
    let clusters = fleet.registry.clusters().await?;
    let mut findings = databases::catalog(fleet).await?;
    let found: Vec<_> = stream::iter(&clusters)
        .map(|cluster| one(fleet, cluster))
        .buffered(fleet.parallel.get())
        .collect()
        .await;
    for found in found {
        findings.extend(found?);
    }
    findings.sort_by(|a, b| b.level.cmp(&a.level).then(a.cluster.cmp(&b.cluster)));
    Ok(findings)
}

async fn one(fleet: &Fleet, cluster: &Cluster) -> Result<Vec<Finding>, DoctorError> {
    let mut notes = Notes::new(&cluster.name);
    let result = match server::examine(fleet, cluster, &mut notes).await {
        Ok(()) => databases::examine(fleet, cluster, &mut notes).await,
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        let remedy = "see that the server runs and the operator's role may log in";
        notes.mend("connection", error.to_string(), remedy);
    }
    Ok(notes.findings)
}

/// Findings as they come.
struct Notes {
    cluster: String,
    findings: Vec<Finding>,
}

impl Notes {
    fn new(cluster: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            findings: Vec::new(),
        }
    }

    fn mend(&mut self, check: &'static str, problem: impl Into<String>, remedy: impl Into<String>) {
        self.add(Level::Mend, check, problem.into(), remedy.into());
    }

    fn hint(&mut self, check: &'static str, problem: impl Into<String>, remedy: impl Into<String>) {
        self.add(Level::Hint, check, problem.into(), remedy.into());
    }

    fn add(&mut self, level: Level, check: &'static str, problem: String, remedy: String) {
        self.findings.push(Finding {
            level,
            cluster: self.cluster.clone(),
            check,
            problem,
            remedy,
        });
    }
}

/// A few names, and how many more.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}
