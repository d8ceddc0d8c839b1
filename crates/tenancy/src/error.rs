//! Why there is no connection, and what a client is told about it.

use httpkit::Problem;

/// Seconds after which a client should try again when connections are short.
const RETRY_AFTER_SECONDS: u64 = 1;
/// Seconds after which a client should try again while a database is being made or moved.
const RETRY_LATER_SECONDS: u64 = 5;

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// No such tenant.
    #[error("unknown tenant")]
    Unknown,
    /// The tenant is suspended.
    #[error("tenant is suspended")]
    Suspended,
    /// The tenant's database is being made.
    #[error("tenant is being provisioned")]
    Provisioning,
    /// The tenant's database is being moved, copied or migrated, for longer than a request waits.
    #[error("tenant is held")]
    Held,
    /// Too many requests of this tenant wait already.
    #[error("too many requests wait for a connection of the tenant")]
    Busy,
    /// No connection became free in time.
    #[error("no connection became free in time")]
    Timeout,
    /// The resolver or the database cannot be reached, or refused the login.
    #[error("tenant database is not available")]
    Unavailable,
    /// The database is at a schema version that this service cannot serve.
    #[error("tenant database is at a schema version this service cannot serve")]
    SchemaVersion,
    /// The database is not the one that was asked for.
    #[error("database belongs to another tenant")]
    WrongDatabase,
}

impl From<PoolError> for Problem {
    fn from(error: PoolError) -> Self {
        let problem = match error {
            PoolError::Unknown => Self::not_found(),
            PoolError::Suspended => Self::forbidden("tenant_suspended"),
            PoolError::Provisioning => {
                Self::unavailable("tenant_provisioning", RETRY_LATER_SECONDS)
            }
            PoolError::Held => Self::unavailable("tenant_held", RETRY_AFTER_SECONDS),
            PoolError::Busy => Self::too_many("tenant_busy", RETRY_AFTER_SECONDS),
            PoolError::Timeout => Self::unavailable("tenant_busy", RETRY_AFTER_SECONDS),
            PoolError::SchemaVersion => {
                Self::unavailable("tenant_schema_version", RETRY_LATER_SECONDS)
            }
            PoolError::Unavailable | PoolError::WrongDatabase => {
                Self::unavailable("database_unavailable", RETRY_LATER_SECONDS)
            }
        };
        problem.with_cause(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_status() {
        let statuses = [
            (PoolError::Unknown, 404),
            (PoolError::Suspended, 403),
            (PoolError::Provisioning, 503),
            (PoolError::Held, 503),
            (PoolError::Busy, 429),
            (PoolError::Timeout, 503),
            (PoolError::Unavailable, 503),
            (PoolError::SchemaVersion, 503),
            (PoolError::WrongDatabase, 503),
        ];
        for (error, status) in statuses {
            assert_eq!(Problem::from(error).status().as_u16(), status, "{error}");
        }
    }
}
