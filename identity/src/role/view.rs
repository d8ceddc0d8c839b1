//! What clients send and get of roles.

use garde::Validate;
use kernel::{Permissions, Role, RoleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entity::role;

/// A role of an organization.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct RoleView {
    /// Id of the role; none for the five that every organization has.
    pub(super) id: Option<RoleId>,
    /// Its name: of the five, what stands in `role`.
    #[schema(example = "Contractor")]
    pub(super) name: String,
    pub(super) description: String,
    /// What it allows.
    #[schema(value_type = Vec<String>, example = json!(["project:read", "task:read", "task:update"]))]
    pub(super) permissions: Permissions,
    /// Whether it is one of the five, which nobody changes.
    pub(super) built_in: bool,
    /// Who have it.
    pub(super) members: i64,
    /// Rises with each change.
    pub(super) version: i32,
}

impl RoleView {
    /// One of the five.
    pub(super) fn built_in(role: Role, members: i64) -> Self {
        Self {
            id: None,
            name: role.to_string(),
            description: described(role).to_owned(),
            permissions: role.permissions(),
            built_in: true,
            members,
            version: 1,
        }
    }

    /// One of the organization's own.
    pub(super) fn own(row: role::Model, members: i64) -> Self {
        let known = row.permissions.iter().filter_map(|name| name.parse().ok());
        Self {
            id: Some(row.id),
            permissions: known.collect(),
            name: row.name,
            description: row.description,
            built_in: false,
            members,
            version: row.version,
        }
    }
}

fn described(role: Role) -> &'static str {
    match role {
        Role::Owner => "everything, the organization itself included",
        Role::Admin => "people, roles, security and projects",
        Role::Manager => "projects, boards and what others made on them; analytics",
        Role::Member => "own work",
        Role::Viewer => "reads only",
    }
}

/// A role to be made.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
pub(super) struct CreateRole {
    /// None that another role of the organization has, in whatever case.
    #[garde(length(chars, min = 1, max = 60), custom(httpkit::text::line))]
    #[schema(example = "Contractor")]
    pub(super) name: String,
    /// What it is for.
    #[serde(default)]
    #[garde(length(chars, max = 500))]
    pub(super) description: String,
    /// What it allows, none that the own role does not.
    #[garde(length(min = 1, max = 64))]
    #[schema(example = json!(["project:read", "task:read", "task:update"]))]
    pub(super) permissions: Vec<String>,
}

/// What of a role may change; what is not sent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(super) struct UpdateRole {
    #[garde(length(chars, min = 1, max = 60), custom(httpkit::text::optional_line))]
    pub(super) name: Option<String>,
    #[garde(length(chars, max = 500))]
    pub(super) description: Option<String>,
    /// All of them: this list replaces the present one, for everybody who has the role, at once.
    #[garde(length(min = 1, max = 64))]
    pub(super) permissions: Option<Vec<String>>,
}
