//! What can go wrong in the control plane, and the one place where it becomes an HTTP answer.

use axum::http::StatusCode;
use httpkit::Problem;
use httpkit::client::UpstreamError;
use kernel::seal::SealError;
use kernel::secret::RandomError;
use kernel::subdomain::SubdomainError;

use crate::status::Status;

/// What a caller can act on, plus what only the log should know.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No tenant by that name or id that anyone may know of.
    #[error("no such tenant")]
    Unknown,
    /// Malformed or reserved.
    #[error("subdomain refused")]
    Subdomain(#[from] SubdomainError),
    /// Another tenant lives, or lived until lately, under this name.
    #[error("subdomain is taken")]
    SubdomainTaken,
    /// The request id belongs to a claim of another subdomain.
    #[error("request id was used for another subdomain")]
    RequestReused,
    /// A confirmed tenant is not given up by releasing a claim.
    #[error("tenant is confirmed")]
    Confirmed,
    /// The tenant exists but cannot be connected to now.
    #[error("tenant is {0}")]
    NotServing(Status),
    /// It is held for something else: in a moment it will not be.
    #[error("tenant is held")]
    Held,
    /// The transition asked for does not leave this state.
    #[error("tenant is {0}")]
    State(Status),
    /// Its source is used by somebody who does not leave.
    #[error("tenant's database is in use")]
    InUse,
    /// Another session changes its role or database right now.
    #[error("tenant is being worked on")]
    Busy,
    /// No cluster of that name that could be meant.
    #[error("no such cluster")]
    ClusterUnknown,
    /// No cluster is open for placement.
    #[error("no cluster is open for placement")]
    NoPlacement,
    /// Others took every database that was built for this claim.
    #[error("no spare database could be had")]
    NoSpare,
    /// A row changed under a step that believed to hold it alone.
    #[error("tenant changed while it was being built")]
    Superseded,
    /// The catalog is away or its pool exhausted.
    #[error("reach the catalog")]
    CatalogAway(#[from] deadpool_postgres::PoolError),
    /// The catalog refused a statement.
    #[error("ask the catalog")]
    Catalog(#[from] tokio_postgres::Error),
    /// A cluster refused a statement or a connection.
    #[error("{step}")]
    Cluster {
        /// What was being done.
        step: &'static str,
        /// What PostgreSQL said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// Another service did not do its part.
    #[error("ask another service")]
    Upstream(#[from] UpstreamError),
    /// A stored password does not open, or none could be sealed.
    #[error("seal or open a password")]
    Seal(#[from] SealError),
    /// No password could be drawn.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The catalog holds something it must not.
    #[error("catalog holds a malformed {0}")]
    Malformed(&'static str),
}

/// How soon asking again may help: about the time one database takes to build.
const RETRY_SECONDS: u64 = 2;
/// A hold is over in milliseconds as a rule; a header cannot say less.
const HELD_RETRY_SECONDS: u64 = 1;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Unknown => Self::not_found(),
            Error::Subdomain(refused) => {
                let code = match refused {
                    SubdomainError::Malformed => "subdomain_malformed",
                    SubdomainError::Reserved => "subdomain_reserved",
                };
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, code).with_detail(refused.to_string())
            }
            Error::SubdomainTaken => {
                Self::conflict("subdomain_taken", "another organization has this subdomain")
            }
            Error::RequestReused => Self::conflict(
                "request_id_reused",
                "this request id claimed another subdomain before",
            ),
            Error::Confirmed => {
                Self::conflict("tenant_confirmed", "the tenant is confirmed and stays")
            }
            Error::NotServing(Status::Suspended) => {
                Self::forbidden("tenant_suspended").with_detail("the organization is suspended")
            }
            Error::NotServing(Status::Provisioning) => {
                Self::unavailable("tenant_provisioning", RETRY_SECONDS)
            }
            Error::NotServing(Status::Moving | Status::Migrating) => {
                Self::unavailable("tenant_held", HELD_RETRY_SECONDS)
            }
            Error::Held => Self::conflict("tenant_held", "the tenant is held for something else"),
            Error::State(status) => {
                Self::conflict("tenant_state", format!("the tenant is {status}"))
            }
            Error::InUse | Error::Busy => Self::unavailable("tenant_busy", RETRY_SECONDS),
            Error::ClusterUnknown => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "cluster_unknown")
                .with_detail("no cluster of this name takes tenants"),
            Error::NotServing(_) => Self::unavailable("tenant_unavailable", RETRY_SECONDS),
            Error::NoPlacement | Error::NoSpare | Error::Superseded | Error::Cluster { .. } => {
                Self::unavailable("no_database", RETRY_SECONDS).with_cause(error)
            }
            Error::CatalogAway(_) => {
                Self::unavailable("catalog_unavailable", RETRY_SECONDS).with_cause(error)
            }
            Error::Catalog(ref cause) if cause.is_closed() => {
                Self::unavailable("catalog_unavailable", RETRY_SECONDS).with_cause(error)
            }
            Error::Upstream(error) => Self::from(error),
            Error::Catalog(_) | Error::Seal(_) | Error::Random(_) | Error::Malformed(_) => {
                Self::internal(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_status_and_code() {
        let table = [
            (Error::Unknown, 404, "not_found"),
            (
                Error::Subdomain(SubdomainError::Reserved),
                422,
                "subdomain_reserved",
            ),
            (
                Error::Subdomain(SubdomainError::Malformed),
                422,
                "subdomain_malformed",
            ),
            (Error::SubdomainTaken, 409, "subdomain_taken"),
            (Error::RequestReused, 409, "request_id_reused"),
            (Error::Confirmed, 409, "tenant_confirmed"),
            (
                Error::NotServing(Status::Suspended),
                403,
                "tenant_suspended",
            ),
            (
                Error::NotServing(Status::Provisioning),
                503,
                "tenant_provisioning",
            ),
            (Error::NotServing(Status::Moving), 503, "tenant_held"),
            (Error::NotServing(Status::Migrating), 503, "tenant_held"),
            (Error::NotServing(Status::Failed), 503, "tenant_unavailable"),
            (Error::Held, 409, "tenant_held"),
            (Error::State(Status::Deleting), 409, "tenant_state"),
            (Error::InUse, 503, "tenant_busy"),
            (Error::Busy, 503, "tenant_busy"),
            (Error::ClusterUnknown, 422, "cluster_unknown"),
            (Error::NoPlacement, 503, "no_database"),
            (
                Error::CatalogAway(deadpool_postgres::PoolError::Closed),
                503,
                "catalog_unavailable",
            ),
            (Error::Malformed("status"), 500, "internal_error"),
        ];
        for (error, status, code) in table {
            let problem = Problem::from(error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        }
    }
}
