//! Members of an organization and their roles.
//!
//! Who changes a role is judged by the present role in the database, not by the one in the token, and changes in
//! one organization come one by one, so that two owners cannot both step down.

mod model;
mod routes;
pub(crate) mod store;

use kernel::{Permissions, Role, RoleId};

pub(crate) use routes::router;

/// What a member is and may do in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The role; viewer for who has one of the organization's own.
    pub(crate) role: Role,
    /// The organization's own role.
    pub(crate) role_id: Option<RoleId>,
    /// What it comes to.
    pub(crate) permissions: Permissions,
}

impl Standing {
    /// A role of ours, or the permissions of one of the organization's own.
    fn of(role: Role, own: Option<(RoleId, &[String])>) -> Self {
        let names = |names: &[String]| names.iter().filter_map(|name| name.parse().ok()).collect();
        Self {
            role,
            role_id: own.map(|(id, _)| id),
            permissions: own.map_or_else(|| role.permissions(), |(_, own)| names(own)),
        }
    }
}
