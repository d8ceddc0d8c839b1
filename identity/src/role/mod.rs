//! Roles of an organization's own making, beside the five that every organization has: a name for a set of
//! permissions.
//!
//! Nobody makes, changes or gives a role that allows what he may not do himself. Changes of roles and of who has them
//! queue on the organization's row, so that no role goes away while somebody is given it.

mod model;
mod routes;
pub(crate) mod store;
mod view;

use httpkit::Problem;
use kernel::{Role, RoleId, TenantId};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::member::Standing;

pub(crate) use routes::router;

/// A role of the organization's own, by name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct CustomRole {
    /// Id of the role.
    pub(crate) id: RoleId,
    /// Its name.
    #[schema(example = "Contractor")]
    pub(crate) name: String,
}

/// A role as a request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Ours(Role),
    Own(RoleId),
}

/// A role that is there.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) standing: Standing,
    pub(crate) name: String,
}

/// Reads the fields `role` and `role_id`, of which exactly one is to be there.
pub(crate) fn choice(role: Option<Role>, role_id: Option<RoleId>) -> Result<Choice, Problem> {
    match (role, role_id) {
        (Some(role), None) => Ok(Choice::Ours(role)),
        (None, Some(id)) => Ok(Choice::Own(id)),
        (None, None) => Err(Problem::field(
            "/role",
            "missing",
            "this field is required unless `role_id` is there",
        )),
        (Some(_), Some(_)) => Err(Problem::field(
            "/role_id",
            "invalid",
            "must not be there beside `role`",
        )),
    }
}

/// The role of a row: one of the organization's own counts.
pub(crate) fn stored(role: Role, role_id: Option<RoleId>) -> Choice {
    role_id.map_or(Choice::Ours(role), Choice::Own)
}

/// The role that is named; 422 for one the organization has not. Hold the organization's lock to rely on it.
pub(crate) async fn resolve(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    choice: Choice,
) -> Result<Resolved, Problem> {
    match choice {
        Choice::Ours(role) => Ok(Resolved {
            standing: Standing::of(role, None),
            name: role.to_string(),
        }),
        Choice::Own(id) => {
            let unknown = || {
                let words = "this organization has no such role";
                Problem::field("/role_id", "unknown_reference", words)
            };
            let row = store::by_id(db, tenant, id).await?.ok_or_else(unknown)?;
            Ok(Resolved {
                standing: Standing::of(Role::Viewer, Some((id, &row.permissions))),
                name: row.name,
            })
        }
    }
}
