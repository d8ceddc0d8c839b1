//! What questions and answers of search look like.

use kernel::{ProjectId, TaskId, TimeZone};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Length of a list of kinds, in characters: each once is less.
const KINDS_CHARS: usize = 40;

/// What is looked for, and among what.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchQuery {
    /// Words, each as a beginning; phrases in quotes; or the key of a task.
    #[param(min_length = 1, max_length = 200, example = "engine \"main tank\"")]
    pub(super) q: String,
    /// Kinds of things, separated by commas; all when left out.
    #[param(value_type = Option<String>, max_length = 40, example = "task,comment")]
    pub(super) kind: Option<Kinds>,
    /// Only in this project.
    pub(super) project_id: Option<ProjectId>,
    /// Only tasks that pass this filter, and comments on them.
    #[param(max_length = 2_000, example = "is:open assignee:me")]
    pub(super) filter: Option<String>,
    /// IANA name of the time zone whose days the filter means; the person's own when left out, else UTC.
    #[param(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    pub(super) timezone: Option<TimeZone>,
}

/// Something that can be found.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    AsRefStr,
    sea_orm::DeriveValueType,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub(super) enum Kind {
    /// A task.
    Task,
    /// A comment on a task or a project.
    Comment,
    /// A project.
    Project,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_ref())
    }
}

/// Several kinds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Kinds(pub(super) Vec<Kind>);

impl TryFrom<String> for Kinds {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let kinds: Result<Vec<Kind>, _> = text.split(',').map(str::parse).collect();
        match kinds {
            Ok(kinds) if text.len() <= KINDS_CHARS => Ok(Self(kinds)),
            Ok(_) | Err(_) => Err("must be some of task, comment, project"),
        }
    }
}

/// Something that was found.
#[derive(Serialize, ToSchema)]
pub(super) struct SearchHit {
    pub(super) kind: Kind,
    /// The task, comment or project.
    #[schema(value_type = String, format = Uuid)]
    pub(super) id: Uuid,
    pub(super) project_id: ProjectId,
    /// The task, or the one that was commented on.
    pub(super) task_id: Option<TaskId>,
    /// How people name the task or the project.
    #[schema(example = "APO-12")]
    pub(super) key: String,
    /// Title of the task, or name of the project.
    pub(super) title: Vec<Part>,
    /// A piece of the description or the comment, around the first word that was found.
    pub(super) excerpt: Vec<Part>,
    /// Whether nothing has the words and this title only comes near them.
    pub(super) similar: bool,
}

/// A piece of text: plain, never HTML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Part {
    pub(super) text: String,
    /// Whether it is what was looked for.
    pub(super) hit: bool,
}
