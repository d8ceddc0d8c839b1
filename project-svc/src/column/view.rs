//! What requests and answers about columns look like.

use chrono::{DateTime, Utc};
use events::topic::task::{TaskPriority, TaskStatus};
use garde::Validate;
use httpkit::text::line;
use kernel::{BoardId, ColumnId};
use serde::{Deserialize, Serialize};
use serde_with::rust::{double_option, unwrap_or_skip};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::entity::column;
use crate::patch::set;
use crate::rules::NAME_CHARS;

/// Cards a limit may allow; more is no limit.
const HIGHEST_WIP_LIMIT: i32 = 10_000;

/// A column to be added, at the right end unless a neighbour is given.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateColumn {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), custom(line))]
    #[schema(max_length = 200, example = "Waiting")]
    pub(crate) name: String,
    /// The status that a task gets by being put here.
    #[garde(skip)]
    pub(crate) category: TaskStatus,
    /// For screens, as `#rrggbb`.
    #[garde(pattern("^#[0-9a-fA-F]{6}$"))]
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    pub(crate) color: Option<String>,
    /// More cards than this are a warning or, with `limit_blocks`, refused.
    #[garde(range(min = 1, max = HIGHEST_WIP_LIMIT))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub(crate) wip_limit: Option<i32>,
    /// Whether a full column refuses cards instead of warning.
    #[garde(skip)]
    #[serde(default)]
    pub(crate) limit_blocks: bool,
    /// Put it right before this column.
    #[garde(skip)]
    pub(crate) before_id: Option<ColumnId>,
    /// Put it right after this column.
    #[garde(skip)]
    pub(crate) after_id: Option<ColumnId>,
}

/// Fields to change; those left out stay, null takes away what may be absent.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PatchColumn {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), inner(custom(line)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 200, nullable = false)]
    name: Option<String>,
    /// The status that a task gets by being put here; can only be changed while there are none.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    category: Option<TaskStatus>,
    /// For screens, as `#rrggbb`.
    #[garde(pattern("^#[0-9a-fA-F]{6}$"))]
    #[serde(default, with = "double_option")]
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<Option<String>>,
    /// More cards than this are a warning or, with `limit_blocks`, refused.
    #[garde(range(min = 1, max = HIGHEST_WIP_LIMIT))]
    #[serde(default, with = "double_option")]
    #[schema(minimum = 1, maximum = 10_000)]
    wip_limit: Option<Option<i32>>,
    /// Whether a full column refuses cards instead of warning.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    limit_blocks: Option<bool>,
    /// Move it right before this column of the board.
    #[garde(skip)]
    pub(crate) before_id: Option<ColumnId>,
    /// Move it right after this column of the board.
    #[garde(skip)]
    pub(crate) after_id: Option<ColumnId>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

/// Where a column is to go on its board; at the right end when no place is given.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct MoveColumn {
    /// Right before this column of the board.
    #[garde(skip)]
    pub(crate) before_id: Option<ColumnId>,
    /// Right after this column of the board.
    #[garde(skip)]
    pub(crate) after_id: Option<ColumnId>,
    /// With so many columns before it.
    #[garde(range(max = 1_000))]
    #[schema(maximum = 1_000)]
    pub(crate) position: Option<u32>,
}

/// Which cards of a column: those of one lane of its board.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CardFilter {
    /// The id of a person who is to do the task, or `none`.
    #[param(value_type = Option<String>, max_length = 36)]
    pub(crate) assignee: Option<OrNone>,
    /// The id of a label, or `none`.
    #[param(value_type = Option<String>, max_length = 36)]
    pub(crate) label: Option<OrNone>,
    /// How much the task presses.
    pub(crate) priority: Option<TaskPriority>,
}

/// Something by its id, or the lack of any.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum OrNone {
    None,
    One(Uuid),
}

impl TryFrom<String> for OrNone {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "none" => Ok(Self::None),
            id => id.parse().map(Self::One).or(Err("must be an id or `none`")),
        }
    }
}

impl PatchColumn {
    /// The columns of the table to set.
    pub(crate) fn changes(self) -> column::ActiveModel {
        column::ActiveModel {
            name: set(self.name),
            category: set(self.category),
            color: set(self.color),
            wip_limit: set(self.wip_limit),
            limit_blocks: set(self.limit_blocks),
            ..Default::default()
        }
    }
}

/// A column.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ColumnView {
    pub(crate) id: ColumnId,
    pub(crate) board_id: BoardId,
    pub(crate) name: String,
    /// The status that a task gets by being put here.
    pub(crate) category: TaskStatus,
    pub(crate) color: Option<String>,
    pub(crate) wip_limit: Option<i32>,
    /// Whether a full column refuses cards instead of warning.
    pub(crate) limit_blocks: bool,
    /// Whether tasks here are done.
    pub(crate) done: bool,
    /// Counts changes; also the `ETag`.
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<column::Model> for ColumnView {
    fn from(column: column::Model) -> Self {
        Self {
            id: column.id,
            board_id: column.board_id,
            name: column.name,
            category: column.category,
            color: column.color,
            wip_limit: column.wip_limit,
            limit_blocks: column.limit_blocks,
            done: column.category == TaskStatus::Done,
            version: column.version,
            created_at: column.created_at,
            updated_at: column.updated_at,
        }
    }
}
