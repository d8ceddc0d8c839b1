//! What requests and answers about projects look like.

use chrono::{DateTime, NaiveDate, Utc};
use garde::Validate;
use httpkit::text::line;
use kernel::{ProjectId, ProjectKey, TeamId, UserId, WorkspaceId};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::rust::{double_option, unwrap_or_skip};
use utoipa::{IntoParams, ToSchema};

use super::model::{ProjectPriority, ProjectRole, ProjectStatus};
use crate::entity::project;
use crate::patch::set;
use crate::rules::{self, DESCRIPTION_CHARS, NAME_CHARS, date, patched_date};

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
    #[schema(pattern = "^#[0-9a-fA-F]{6}$", example = "#3366ff")]
    pub(crate) color: Option<String>,
    /// First day.
    #[garde(custom(date))]
    pub(crate) start_date: Option<NaiveDate>,
    /// Last day, not before the first.
    #[garde(custom(date))]
    pub(crate) end_date: Option<NaiveDate>,
    /// Off: only its members see it. On when left out.
    #[garde(skip)]
    pub(crate) public: Option<bool>,
    /// An amount of money, decimal.
    #[garde(pattern("^[0-9]{1,10}([.][0-9]{1,2})?$"))]
    #[schema(pattern = "^[0-9]{1,10}([.][0-9]{1,2})?$", example = "12500.00")]
    pub(crate) budget: Option<String>,
    /// The team that works on it.
    #[garde(skip)]
    pub(crate) team_id: Option<TeamId>,
    /// What screens remember of it, 16 KiB at most.
    #[garde(custom(rules::settings))]
    #[schema(value_type = Option<Object>)]
    pub(crate) settings: Option<Map<String, Value>>,
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
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<Option<String>>,
    /// First day.
    #[garde(custom(patched_date))]
    #[serde(default, with = "double_option")]
    pub(crate) start_date: Option<Option<NaiveDate>>,
    /// Last day, not before the first.
    #[garde(custom(patched_date))]
    #[serde(default, with = "double_option")]
    pub(crate) end_date: Option<Option<NaiveDate>>,
    /// Off: only its members see it.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    public: Option<bool>,
    /// An amount of money, decimal.
    #[garde(pattern("^[0-9]{1,10}([.][0-9]{1,2})?$"))]
    #[serde(default, with = "double_option")]
    #[schema(pattern = "^[0-9]{1,10}([.][0-9]{1,2})?$", example = "12500.00")]
    budget: Option<Option<String>>,
    /// Who answers for it from now on, and is an owner of it; for its owners to say.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    pub(crate) owner_id: Option<UserId>,
    /// The team that works on it.
    #[garde(skip)]
    #[serde(default, with = "double_option")]
    pub(crate) team_id: Option<Option<TeamId>>,
    /// Move it to this workspace, where the caller may create projects.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    pub(crate) workspace_id: Option<WorkspaceId>,
    /// What screens remember of it, 16 KiB at most.
    #[garde(custom(rules::settings))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(value_type = Option<Object>, nullable = false)]
    settings: Option<Map<String, Value>>,
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
            is_public: set(self.public),
            budget: set(self.budget),
            owner_id: set(self.owner_id.map(Some)),
            team_id: set(self.team_id),
            workspace_id: set(self.workspace_id),
            settings: set(self.settings.map(Value::Object)),
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
    /// Off: only its members see it.
    pub(crate) public: bool,
    /// Decimal.
    #[schema(example = "12500.00")]
    pub(crate) budget: Option<String>,
    /// Who answers for it.
    pub(crate) owner_id: UserId,
    /// The team that works on it.
    pub(crate) team_id: Option<TeamId>,
    #[schema(value_type = Object)]
    pub(crate) settings: Value,
    /// Put away since: out of lists, unless asked for.
    pub(crate) archived_at: Option<DateTime<Utc>>,
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
            public: project.is_public,
            budget: project.budget,
            owner_id: project.owner_id.unwrap_or(project.created_by),
            team_id: project.team_id,
            settings: project.settings,
            archived_at: project.archived_at,
            created_by: project.created_by,
            version: project.version,
            created_at: project.created_at,
            updated_at: project.updated_at,
        }
    }
}

/// A project in a list, without its description.
#[derive(Serialize, ToSchema, FromQueryResult)]
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
    /// Off: only its members see it.
    #[sea_orm(alias = "is_public")]
    pub(crate) public: bool,
    /// The team that works on it.
    pub(crate) team_id: Option<TeamId>,
    /// Put away since.
    pub(crate) archived_at: Option<DateTime<Utc>>,
    /// In the trash since, in the list of that alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deleted_at: Option<DateTime<Utc>>,
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// Which projects.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProjectFilter {
    /// Where they stand.
    pub(crate) status: Option<ProjectStatus>,
    /// Where they live.
    pub(crate) workspace_id: Option<WorkspaceId>,
    /// The team that works on them.
    pub(crate) team_id: Option<TeamId>,
    /// Those that are put away, in place of those that are not.
    #[serde(default)]
    #[param(required = false)]
    pub(crate) archived: bool,
}

/// A person to be in a project.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct AddProjectMember {
    #[garde(skip)]
    pub(crate) user_id: UserId,
    /// `member` unless it is given.
    #[garde(skip)]
    pub(crate) role: Option<ProjectRole>,
}

/// Another role in a project.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct UpdateProjectMember {
    #[garde(skip)]
    pub(crate) role: ProjectRole,
}

/// A person in a project.
#[derive(Serialize, ToSchema, FromQueryResult)]
pub(crate) struct ProjectMemberView {
    pub(crate) user_id: UserId,
    /// Display name.
    pub(crate) name: String,
    pub(crate) role: ProjectRole,
    pub(crate) added_at: DateTime<Utc>,
}
