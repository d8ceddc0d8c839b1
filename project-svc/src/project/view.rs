//! What requests and answers about projects look like.

use chrono::{DateTime, NaiveDate, Utc};
use garde::Validate;
use httpkit::text::line;
use kernel::{ProjectId, ProjectKey, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_with::rust::{double_option, unwrap_or_skip};
use utoipa::ToSchema;

use super::model::{ProjectPriority, ProjectStatus};
use crate::entity::project;
use crate::patch::set;
use crate::rules::{DESCRIPTION_CHARS, NAME_CHARS, date, patched_date};

/// A project to be created.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateProject {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), custom(line))]
    #[schema(max_length = 200, example = "Apollo")]
    pub(crate) name: String,
    /// Begins the keys of its tasks; made from the name when left out.
    #[garde(skip)]
    #[schema(value_type = Option<String>, pattern = "^[A-Z][A-Z0-9]{1,9}$", example = "APO")]
    pub(crate) key: Option<ProjectKey>,
    /// Where it is to live; in the default workspace when left out.
    #[garde(skip)]
    pub(crate) workspace_id: Option<WorkspaceId>,
    /// Markdown.
    #[garde(length(chars, max = DESCRIPTION_CHARS))]
    #[serde(default)]
    #[schema(max_length = 50_000)]
    pub(crate) description: String,
    /// `active` when left out.
    #[garde(skip)]
    pub(crate) status: Option<ProjectStatus>,
    /// `medium` when left out.
    #[garde(skip)]
    pub(crate) priority: Option<ProjectPriority>,
    /// For screens, as `#rrggbb`.
    #[garde(pattern("^#[0-9a-fA-F]{6}$"))]
    #[schema(example = "#3366ff")]
    pub(crate) color: Option<String>,
    /// First day.
    #[garde(custom(date))]
    pub(crate) start_date: Option<NaiveDate>,
    /// Last day, not before the first.
    #[garde(custom(date))]
    pub(crate) end_date: Option<NaiveDate>,
}

/// Fields to change; those left out stay, null takes away what may be absent.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PatchProject {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), inner(custom(line)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 200, nullable = false)]
    name: Option<String>,
    /// Markdown.
    #[garde(length(chars, max = DESCRIPTION_CHARS))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 50_000, nullable = false)]
    description: Option<String>,
    /// Where it stands.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    status: Option<ProjectStatus>,
    /// How much it matters.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    priority: Option<ProjectPriority>,
    /// For screens, as `#rrggbb`.
    #[garde(pattern("^#[0-9a-fA-F]{6}$"))]
    #[serde(default, with = "double_option")]
    color: Option<Option<String>>,
    /// First day.
    #[garde(custom(patched_date))]
    #[serde(default, with = "double_option")]
    pub(crate) start_date: Option<Option<NaiveDate>>,
    /// Last day, not before the first.
    #[garde(custom(patched_date))]
    #[serde(default, with = "double_option")]
    pub(crate) end_date: Option<Option<NaiveDate>>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

impl PatchProject {
    /// The columns to set.
    pub(crate) fn changes(self) -> project::ActiveModel {
        project::ActiveModel {
            name: set(self.name),
            description: set(self.description),
            status: set(self.status),
            priority: set(self.priority),
            color: set(self.color),
            start_date: set(self.start_date),
            end_date: set(self.end_date),
            ..Default::default()
        }
    }
}

/// A project.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ProjectView {
    pub(crate) id: ProjectId,
    /// Begins the keys of its tasks.
    #[schema(example = "APO")]
    pub(crate) key: String,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) name: String,
    /// Markdown.
    pub(crate) description: String,
    pub(crate) status: ProjectStatus,
    pub(crate) priority: ProjectPriority,
    pub(crate) color: Option<String>,
    pub(crate) start_date: Option<NaiveDate>,
    pub(crate) end_date: Option<NaiveDate>,
    pub(crate) created_by: UserId,
    /// Counts changes; also the `ETag`.
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<project::Model> for ProjectView {
    fn from(project: project::Model) -> Self {
        Self {
            id: project.id,
            key: project.key,
            workspace_id: project.workspace_id,
            name: project.name,
            description: project.description,
            status: project.status,
            priority: project.priority,
            color: project.color,
            start_date: project.start_date,
            end_date: project.end_date,
            created_by: project.created_by,
            version: project.version,
            created_at: project.created_at,
            updated_at: project.updated_at,
        }
    }
}

/// A project in a list, without its description.
#[derive(Serialize, ToSchema, sea_orm::FromQueryResult)]
pub(crate) struct ProjectSummary {
    pub(crate) id: ProjectId,
    pub(crate) key: String,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) name: String,
    pub(crate) status: ProjectStatus,
    pub(crate) priority: ProjectPriority,
    pub(crate) color: Option<String>,
    pub(crate) start_date: Option<NaiveDate>,
    pub(crate) end_date: Option<NaiveDate>,
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}
