//! Why an operator's command did not do its work, and what to do next.

use std::io;
use std::path::PathBuf;

use tokio_postgres::error::SqlState;

use super::tools::ToolError;
use crate::registry::RegistryError;
use crate::resolver::ResolverError;

/// What can go wrong; each says what to do where there is something to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing of that name.
    #[error("no tenant is called {0}: see `migrator tenants list`")]
    Unknown(String),
    /// No cluster of that name.
    #[error("no cluster is called {0}: see `migrator clusters list`")]
    UnknownCluster(String),
    /// A cluster's address is no address.
    #[error("cluster {0} has an impossible host or port")]
    Place(String),
    /// The tenant is not in a state for it.
    #[error("{tenant} is {status}: {advice}")]
    State {
        /// Which.
        tenant: String,
        /// Its state.
        status: String,
        /// What to do.
        advice: &'static str,
    },
    /// It makes no sense, or would do harm.
    #[error("{0}")]
    Refused(String),
    /// Another program changes this database's schema, or moves it.
    #[error("another migrator works in the database of {0}: try again when it is through")]
    Locked(String),
    /// Requests went on in the database though the tenant was held.
    #[error(
        "{busy} sessions of the tenant stayed in a transaction: nothing was changed, try again in a quieter moment"
    )]
    Busy {
        /// How many.
        busy: i64,
    },
    /// The deed is done, and something of its tools is left.
    #[error(
        "{tenant} lives on {cluster} now, but clearing up failed: run `migrator tenants move --resume`"
    )]
    Unfinished {
        /// Which tenant.
        tenant: String,
        /// Where it lives.
        cluster: String,
        /// What failed.
        #[source]
        source: Box<Error>,
    },
    /// The operator said stop.
    #[error("stopped by the operator; everything is as it was")]
    Stopped,
    /// What was copied is not what was there.
    #[error("the copy differs from its source in {}", .0.join(", "))]
    Differs(Vec<String>),
    /// A copy did not get as far as it should in its time.
    #[error("{0}")]
    Stuck(String),
    /// A backup is damaged or incomplete.
    #[error("{}: {why}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// In what way.
        why: String,
    },
    /// No connection.
    #[error("connect to {server}{}", hint(source))]
    Connect {
        /// Where.
        server: String,
        /// What the server said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// A statement failed.
    #[error("{step}{}", words(source))]
    Sql {
        /// What was being done.
        step: &'static str,
        /// What the server said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// A file was not read or written.
    #[error("{step} {}", path.display())]
    File {
        /// What was being done.
        step: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file holds no JSON, or none could be made.
    #[error("{step}")]
    Json {
        /// What was being done.
        step: &'static str,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// `pg_dump` or `pg_restore`.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A service did not do what was asked.
    #[error(transparent)]
    Resolver(#[from] ResolverError),
    /// The catalog did not answer.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A database was not brought to its version.
    #[error("bring the copy to its version")]
    Schema(#[from] crate::Error),
}

impl Error {
    /// For `map_err`: what was being done when a statement failed.
    pub(crate) fn sql(step: &'static str) -> impl Fn(tokio_postgres::Error) -> Self {
        move |source| Self::Sql { step, source }
    }

    /// For `map_err`: what was being done with a file.
    pub(crate) fn file(step: &'static str, path: impl Into<PathBuf>) -> impl Fn(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            step,
            path: path.clone(),
            source,
        }
    }

    /// The code of the server's error.
    pub(crate) fn state(&self) -> Option<&SqlState> {
        match self {
            Self::Sql { source, .. } | Self::Connect { source, .. } => source.code(),
            _ => None,
        }
    }
}

/// The server's own words; the driver's text says only that there was an error.
fn words(source: &tokio_postgres::Error) -> String {
    let server = source.as_db_error();
    server.map_or_else(String::new, |error| {
        let detail = error.detail().map(|detail| format!(" ({detail})"));
        format!(": {}{}", error.message(), detail.unwrap_or_default())
    })
}

fn hint(source: &tokio_postgres::Error) -> String {
    match source.as_db_error() {
        Some(error) => format!(": {}", error.message()),
        None => ": is the server running, and is its address right in `migrator clusters list`?"
            .to_owned(),
    }
}
