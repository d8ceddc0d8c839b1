//! What requests and answers about workspaces look like.

use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::text::{line, optional_line};
use kernel::{UserId, WorkspaceId};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::rust::unwrap_or_skip;
use utoipa::{IntoParams, ToSchema};

use super::model::WorkspaceRole;
use crate::entity::workspace;
use crate::patch::set;
use crate::rules::{self, NAME_CHARS};

/// A workspace to be made.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateWorkspace {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), custom(line))]
    #[schema(min_length = 1, max_length = 200, example = "Customers")]
    pub(crate) name: String,
    /// Markdown.
    #[garde(length(chars, max = 2000))]
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) description: String,
    /// Off: only its members see it and what is in it. On when left out.
    #[garde(skip)]
    pub(crate) public: Option<bool>,
    /// What screens remember of it, 16 KiB at most.
    #[garde(custom(rules::settings))]
    #[schema(value_type = Option<Object>)]
    pub(crate) settings: Option<Map<String, Value>>,
}

/// Fields to change; those left out stay.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PatchWorkspace {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), custom(optional_line))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    name: Option<String>,
    /// Markdown.
    #[garde(length(chars, max = 2000))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 2000, nullable = false)]
    description: Option<String>,
    /// Off: only its members see it and what is in it.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    public: Option<bool>,
    /// Off: kept to read, gets no new projects.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    active: Option<bool>,
    /// What screens remember of it, 16 KiB at most.
    #[garde(custom(rules::settings))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(value_type = Option<Object>, nullable = false)]
    settings: Option<Map<String, Value>>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

impl PatchWorkspace {
    /// The columns to set.
    pub(crate) fn changes(self) -> workspace::ActiveModel {
        workspace::ActiveModel {
            name: set(self.name),
            description: set(self.description),
            is_public: set(self.public),
            is_active: set(self.active),
            settings: set(self.settings.map(Value::Object)),
            ..Default::default()
        }
    }

    /// Whether it would close or put away the workspace.
    pub(crate) fn withdraws(&self) -> bool {
        self.public == Some(false) || self.active == Some(false)
    }
}

/// A workspace.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct WorkspaceView {
    pub(crate) id: WorkspaceId,
    pub(crate) name: String,
    /// Markdown.
    pub(crate) description: String,
    /// Made with the organization; projects go there unless told otherwise.
    pub(crate) default: bool,
    /// Off: only its members see it and what is in it.
    pub(crate) public: bool,
    /// Off: kept to read, gets no new projects.
    pub(crate) active: bool,
    /// Who made it.
    pub(crate) owner_id: Option<UserId>,
    #[schema(value_type = Object)]
    pub(crate) settings: Value,
    /// Counts changes; also the `ETag`.
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<workspace::Model> for WorkspaceView {
    fn from(workspace: workspace::Model) -> Self {
        Self {
            id: workspace.id,
            name: workspace.name,
            description: workspace.description,
            default: workspace.is_default,
            public: workspace.is_public,
            active: workspace.is_active,
            owner_id: workspace.owner_id,
            settings: workspace.settings,
            version: workspace.version,
            created_at: workspace.created_at,
            updated_at: workspace.updated_at,
        }
    }
}

/// A workspace in a list.
#[derive(Serialize, ToSchema, FromQueryResult)]
pub(crate) struct WorkspaceSummary {
    pub(crate) id: WorkspaceId,
    pub(crate) name: String,
    #[sea_orm(alias = "is_default")]
    pub(crate) default: bool,
    #[sea_orm(alias = "is_public")]
    pub(crate) public: bool,
    #[sea_orm(alias = "is_active")]
    pub(crate) active: bool,
    /// What the caller is there, if anything.
    pub(crate) role: Option<WorkspaceRole>,
    pub(crate) version: i32,
}

/// Which workspaces.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkspaceFilter {
    /// Whether they get new projects.
    pub(crate) active: Option<bool>,
}

/// A person to be in a workspace.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct AddWorkspaceMember {
    #[garde(skip)]
    pub(crate) user_id: UserId,
    /// `member` unless it is given.
    #[garde(skip)]
    pub(crate) role: Option<WorkspaceRole>,
}

/// Another role in a workspace.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct UpdateWorkspaceMember {
    #[garde(skip)]
    pub(crate) role: WorkspaceRole,
}

/// A person in a workspace.
#[derive(Serialize, ToSchema, FromQueryResult)]
pub(crate) struct WorkspaceMemberView {
    pub(crate) user_id: UserId,
    /// Display name.
    pub(crate) name: String,
    pub(crate) role: WorkspaceRole,
    pub(crate) added_at: DateTime<Utc>,
}
