//! Database errors as answers, decided in one place.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

use crate::Problem;

/// Seconds after which a client should try again when the database was busy or away.
const RETRY_AFTER_SECONDS: u64 = 2;

impl From<DbErr> for Problem {
    /// Unique violation → 409, foreign key violation → 422; a lock, a deadline or a connection that
    /// was lost → 503; everything else is our mistake.
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => {
                return Self::conflict("already_exists", "there is one already").with_cause(error);
            }
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
                return Self::field(
                    "",
                    "unknown_reference",
                    "refers to something that is not there",
                )
                .with_cause(error);
            }
            _ => {}
        }
        if is_passing(&error) {
            Self::unavailable("database_unavailable", RETRY_AFTER_SECONDS).with_cause(error)
        } else {
            Self::internal(error)
        }
    }
}

/// Whether the same statement may well succeed in a moment.
fn is_passing(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            is_passing_sqlx(error)
        }
        _ => false,
    }
}

fn is_passing_sqlx(error: &sea_orm::SqlxError) -> bool {
    match error {
        sea_orm::SqlxError::Io(_)
        | sea_orm::SqlxError::PoolTimedOut
        | sea_orm::SqlxError::PoolClosed => true,
        sea_orm::SqlxError::Database(error) => {
            error.code().is_some_and(|code| is_passing_state(&code))
        }
        _ => false,
    }
}

/// SQLSTATE classes 08 (connection), 53 (resources), 57 (operator) and the lock family of 40 and 55
/// (PostgreSQL documentation, appendix A).
pub(crate) fn is_passing_state(code: &str) -> bool {
    code.starts_with("08")
        || code.starts_with("53")
        || code.starts_with("57")
        || matches!(code, "40001" | "40P01" | "55P03" | "25P03")
}
