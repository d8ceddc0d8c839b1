//! What can go wrong with one database, told in PostgreSQL's own words.

use std::error::Error as _;

use tokio_postgres::error::SqlState;

/// Why a database is not at the version asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection.
    #[error("connect: {}", sql_message(.0))]
    Connect(#[source] tokio_postgres::Error),
    /// The server did not answer a connection in time.
    #[error("connect: no answer within {0} s")]
    NoAnswer(u64),
    /// Another migrator is at work in this database.
    #[error("another migrator holds this database's lock")]
    Locked,
    /// A released file was changed after it ran here.
    #[error("{version} ran here with other content: a released migration must not be edited")]
    Edited {
        /// The step in question.
        version: String,
    },
    /// The database has a step that this program does not know, or out of order.
    #[error("{version} ran here but is unknown: this migrator is older than the database")]
    Unknown {
        /// The step in question.
        version: String,
    },
    /// A step failed and was rolled back.
    #[error("{version}: {}", sql_message(source))]
    Step {
        /// The step in question.
        version: &'static str,
        /// What the server said.
        source: tokio_postgres::Error,
    },
    /// A step said nothing, but its index is not usable.
    #[error("{version}: index {index} was built but is not valid")]
    InvalidIndex {
        /// The step in question.
        version: &'static str,
        /// The index.
        index: String,
    },
    /// The server said yes, but the database's own record does not show the step.
    #[error("{version}: the server reported success, but the database's record does not show it")]
    NotRecorded {
        /// The step in question.
        version: &'static str,
    },
    /// Reading or writing the record of steps failed.
    #[error("{}", sql_message(.0))]
    Database(#[from] tokio_postgres::Error),
}

impl Error {
    /// The database is not there: it is still being built, or already gone.
    pub fn missing_database(&self) -> bool {
        matches!(self, Self::Connect(source) if source.code() == Some(&SqlState::INVALID_CATALOG_NAME))
    }

    /// Somebody else's work was in the way; the same step may well succeed later.
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Locked => true,
            Self::Step { source, .. } | Self::Database(source) => is_lock(source),
            _ => false,
        }
    }
}

/// A lock that was not given in time, or a deadlock that the server broke.
pub(crate) fn is_lock(error: &tokio_postgres::Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::LOCK_NOT_AVAILABLE) || code == Some(&SqlState::T_R_DEADLOCK_DETECTED)
}

/// The server has no room for one more connection, or is just starting.
pub(crate) fn is_crowded(error: &tokio_postgres::Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::TOO_MANY_CONNECTIONS) || code == Some(&SqlState::CANNOT_CONNECT_NOW)
}

/// The server's message with its detail and code, or the driver's own words.
pub(crate) fn sql_message(error: &tokio_postgres::Error) -> String {
    let Some(server) = error.as_db_error() else {
        return match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
    };
    let detail = server
        .detail()
        .map(|detail| format!(" ({detail})"))
        .unwrap_or_default();
    format!("{}{detail} [{}]", server.message(), server.code().code())
}
