//! What requests and answers about teams look like.

use chrono::{DateTime, Utc};
use garde::Validate;
use kernel::{TeamId, UserId};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::rust::{double_option, unwrap_or_skip};
use utoipa::{IntoParams, ToSchema};

use super::model::{self, TeamRole};
use crate::entity::team;
use crate::patch::set;
use crate::rules;

/// A team to be made.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateTeam {
    #[garde(length(chars, min = 1, max = 100), custom(httpkit::text::line))]
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) name: String,
    /// For addresses, of this team alone; made of the name unless it is given.
    #[garde(custom(model::slug))]
    #[schema(
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length = 60,
        example = "platform-tools"
    )]
    pub(crate) slug: Option<String>,
    /// Markdown.
    #[garde(length(chars, max = 2000))]
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) description: String,
    /// For screens, as `#rrggbb`.
    #[garde(pattern("^#[0-9a-fA-F]{6}$"))]
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    pub(crate) color: Option<String>,
    /// What screens remember of it, 16 KiB at most.
    #[garde(custom(rules::settings))]
    #[schema(value_type = Option<Object>)]
    pub(crate) settings: Option<Map<String, Value>>,
}

/// What of a team may change.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PatchTeam {
    #[garde(
        length(chars, min = 1, max = 100),
        custom(httpkit::text::optional_line)
    )]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    name: Option<String>,
    /// For addresses, of this team alone.
    #[garde(custom(model::slug))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length = 60,
        nullable = false
    )]
    slug: Option<String>,
    /// Markdown.
    #[garde(length(chars, max = 2000))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 2000, nullable = false)]
    description: Option<String>,
    /// For screens, as `#rrggbb`.
    #[garde(pattern("^#[0-9a-fA-F]{6}$"))]
    #[serde(default, with = "double_option")]
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<Option<String>>,
    /// What screens remember of it, 16 KiB at most.
    #[garde(custom(rules::settings))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(value_type = Option<Object>, nullable = false)]
    settings: Option<Map<String, Value>>,
    /// Whether it works.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    active: Option<bool>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

impl PatchTeam {
    /// The columns to set.
    pub(crate) fn changes(self) -> team::ActiveModel {
        team::ActiveModel {
            name: set(self.name),
            slug: set(self.slug),
            description: set(self.description),
            color: set(self.color),
            settings: set(self.settings.map(Value::Object)),
            active: set(self.active),
            ..Default::default()
        }
    }
}

/// A team.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TeamView {
    pub(crate) id: TeamId,
    pub(crate) name: String,
    /// For addresses.
    #[schema(example = "platform-tools")]
    pub(crate) slug: String,
    /// Markdown.
    pub(crate) description: String,
    pub(crate) color: Option<String>,
    #[schema(value_type = Object)]
    pub(crate) settings: Value,
    /// Whether it works.
    pub(crate) active: bool,
    pub(crate) created_by: UserId,
    /// Counts changes; also the `ETag`.
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<team::Model> for TeamView {
    fn from(team: team::Model) -> Self {
        Self {
            id: team.id,
            name: team.name,
            slug: team.slug,
            description: team.description,
            color: team.color,
            settings: team.settings,
            active: team.active,
            created_by: team.created_by,
            version: team.version,
            created_at: team.created_at,
            updated_at: team.updated_at,
        }
    }
}

/// A team in a list.
#[derive(Serialize, ToSchema, FromQueryResult)]
pub(crate) struct TeamSummary {
    pub(crate) id: TeamId,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) color: Option<String>,
    /// Whether it works.
    pub(crate) active: bool,
    /// How many people are in it.
    pub(crate) members: i64,
    pub(crate) version: i32,
}

/// Which teams.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TeamFilter {
    /// Whether they work.
    pub(crate) active: Option<bool>,
}

/// A person to be in a team.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct AddTeamMember {
    #[garde(skip)]
    pub(crate) user_id: UserId,
    /// `member` unless it is given.
    #[garde(skip)]
    pub(crate) role: Option<TeamRole>,
}

/// Another role in a team.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct UpdateTeamMember {
    #[garde(skip)]
    pub(crate) role: TeamRole,
}

/// A person in a team.
#[derive(Serialize, ToSchema, FromQueryResult)]
pub(crate) struct TeamMemberView {
    pub(crate) user_id: UserId,
    /// Display name.
    pub(crate) name: String,
    pub(crate) role: TeamRole,
    pub(crate) added_at: DateTime<Utc>,
}

/// A team somebody is in.
#[derive(Serialize, ToSchema, FromQueryResult)]
pub(crate) struct TeamOfUser {
    pub(crate) id: TeamId,
    pub(crate) name: String,
    pub(crate) slug: String,
    /// Whether it works.
    pub(crate) active: bool,
    /// What the person is there.
    pub(crate) role: TeamRole,
    pub(crate) added_at: DateTime<Utc>,
}
