//! What requests and answers about columns look like.

use chrono::{DateTime, Utc};
use events::topic::task::TaskStatus;
use garde::Validate;
use httpkit::text::line;
use kernel::{BoardId, ColumnId};
use serde::{Deserialize, Serialize};
use serde_with::rust::{double_option, unwrap_or_skip};
use utoipa::ToSchema;

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
    pub(crate) color: Option<String>,
    /// More cards than this are a warning, not an error.
    #[garde(range(min = 1, max = HIGHEST_WIP_LIMIT))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub(crate) wip_limit: Option<i32>,
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
    color: Option<Option<String>>,
    /// More cards than this are a warning, not an error.
    #[garde(range(min = 1, max = HIGHEST_WIP_LIMIT))]
    #[serde(default, with = "double_option")]
    #[schema(minimum = 1, maximum = 10_000)]
    wip_limit: Option<Option<i32>>,
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

impl PatchColumn {
    /// The columns of the table to set.
    pub(crate) fn changes(self) -> column::ActiveModel {
        column::ActiveModel {
            name: set(self.name),
            category: set(self.category),
            color: set(self.color),
            wip_limit: set(self.wip_limit),
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
            version: column.version,
            created_at: column.created_at,
            updated_at: column.updated_at,
        }
    }
}
