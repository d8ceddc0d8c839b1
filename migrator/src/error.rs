//! What can go wrong with one database, told in PostgreSQL's own words.

use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// Why a database is not at the version asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection.
    #[error("connect: {}", sql_message(.0))]
    Connect(#[source] DbErr),
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
        source: DbErr,
    },
    /// Reading or writing the record of steps failed.
    #[error("{}", sql_message(.0))]
    Database(#[from] DbErr),
}

impl Error {
    pub(crate) fn step(version: &'static str, source: DbErr) -> Self {
        Self::Step { version, source }
    }

    /// The database is not there: it is still being built, or already gone.
    pub fn missing_database(&self) -> bool {
        matches!(self, Self::Connect(source) if sql_state(source) == Some(INVALID_CATALOG_NAME))
    }
}

/// `invalid_catalog_name` (PostgreSQL, appendix A).
const INVALID_CATALOG_NAME: &str = "3D000";

/// The five-character code of a server's error.
pub(crate) fn sql_state(error: &DbErr) -> Option<&str> {
    postgres(error)?
        .try_downcast_ref::<sea_orm::SqlxPostgresError>()
        .map(|error| error.code())
}

/// The server's message with its detail and code, or the driver's own words.
fn sql_message(error: &DbErr) -> String {
    let server =
        postgres(error).and_then(|error| error.try_downcast_ref::<sea_orm::SqlxPostgresError>());
    let Some(server) = server else {
        return error.to_string();
    };
    let detail = server
        .detail()
        .map(|detail| format!(" ({detail})"))
        .unwrap_or_default();
    format!("{}{detail} [{}]", server.message(), server.code())
}

fn postgres(error: &DbErr) -> Option<&(dyn sea_orm::sqlx::error::DatabaseError + 'static)> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => match error.as_ref() {
            SqlxError::Database(error) => Some(error.as_ref()),
            _ => None,
        },
        _ => None,
    }
}
