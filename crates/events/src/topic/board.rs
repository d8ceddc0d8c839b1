//! `board.*` and `column.*`: how projects of the envelope's tenant are arranged, told by project-svc. Each change of them
//! is told as `project.updated` too. `version` is the row's version after the change.

use kernel::{BoardId, ColumnId, ProjectId};
use serde::{Deserialize, Serialize};

/// A board was added to a project, with its usual columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BoardCreated {
    /// The board.
    pub board_id: BoardId,
    /// Its project.
    pub project_id: ProjectId,
}

/// Some of a board's fields changed, or its place among the project's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BoardUpdated {
    /// The board.
    pub board_id: BoardId,
    /// Its project.
    pub project_id: ProjectId,
    /// Names of the changed fields; its place is `order_key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// The board's row version after the change.
    pub version: i32,
}

/// A board was deleted with its columns; tasks that were on it have moved before, each told by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BoardDeleted {
    /// The board.
    pub board_id: BoardId,
    /// Its project.
    pub project_id: ProjectId,
}

/// A column was added to a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ColumnCreated {
    /// The column.
    pub column_id: ColumnId,
    /// Its board.
    pub board_id: BoardId,
    /// The board's project.
    pub project_id: ProjectId,
}

/// Some of a column's fields changed, or its place along the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ColumnUpdated {
    /// The column.
    pub column_id: ColumnId,
    /// Its board.
    pub board_id: BoardId,
    /// The board's project.
    pub project_id: ProjectId,
    /// Names of the changed fields; its place is `order_key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// The column's row version after the change.
    pub version: i32,
}

/// A column was deleted; no card was in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ColumnDeleted {
    /// The column.
    pub column_id: ColumnId,
    /// Its board.
    pub board_id: BoardId,
    /// The board's project.
    pub project_id: ProjectId,
}

super::events! {
    BoardCreated => "board.created" of board_id,
    BoardUpdated => "board.updated" of board_id,
    BoardDeleted => "board.deleted" of board_id,
    ColumnCreated => "column.created" of column_id,
    ColumnUpdated => "column.updated" of column_id,
    ColumnDeleted => "column.deleted" of column_id,
}
