//! What requests and answers about boards look like.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use garde::Validate;
use httpkit::text::line;
use kernel::{BoardId, ColumnId, Page, ProjectId};
use serde::{Deserialize, Serialize};
use serde_with::rust::unwrap_or_skip;
use utoipa::{IntoParams, ToSchema};

use super::store::CountedColumn;
use crate::column::ColumnView;
use crate::entity::board;
use crate::patch::set;
use crate::rules::NAME_CHARS;
use crate::task::{SummaryRow, TaskSummary, cards_page};

/// A board to be added, behind the others unless a neighbour is given.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateBoard {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), custom(line))]
    #[schema(min_length = 1, max_length = 200, example = "Sprint 7")]
    pub(crate) name: String,
    /// Markdown.
    #[garde(length(chars, max = 2000))]
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) description: String,
    /// Put it right before this board of the project.
    #[garde(skip)]
    pub(crate) before_id: Option<BoardId>,
    /// Put it right after this board of the project.
    #[garde(skip)]
    pub(crate) after_id: Option<BoardId>,
}

/// Fields to change; those left out stay.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PatchBoard {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), inner(custom(line)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    name: Option<String>,
    /// Markdown.
    #[garde(length(chars, max = 2000))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 2000, nullable = false)]
    description: Option<String>,
    /// Move it right before this board of the project.
    #[garde(skip)]
    pub(crate) before_id: Option<BoardId>,
    /// Move it right after this board of the project.
    #[garde(skip)]
    pub(crate) after_id: Option<BoardId>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

impl PatchBoard {
    /// The columns of the table to set.
    pub(crate) fn changes(self) -> board::ActiveModel {
        board::ActiveModel {
            name: set(self.name),
            description: set(self.description),
            ..Default::default()
        }
    }
}

/// Where the tasks of a deleted board go.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteQuery {
    /// A column of another board of the project that takes the board's tasks.
    pub(crate) move_to: Option<ColumnId>,
}

/// How a board is to be read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BoardQuery {
    /// Cards of each column, or of each column in each lane, 0 to 50.
    #[param(minimum = 0, maximum = 50, default = 50)]
    pub(crate) cards: Option<u32>,
    /// What swimlanes to make.
    pub(crate) lanes: Option<LanesBy>,
}

/// What makes lanes across a board.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LanesBy {
    /// Who is to do the tasks.
    Assignee,
    /// How much they press.
    Priority,
    /// Their labels.
    Label,
}

/// A board in a list.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct BoardSummary {
    pub(super) id: BoardId,
    project_id: ProjectId,
    name: String,
    /// Markdown.
    description: String,
    /// Counts changes; also the `ETag`.
    pub(super) version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A board with its columns and the first cards of each.
#[derive(Serialize, ToSchema)]
pub(crate) struct BoardView {
    #[serde(flatten)]
    board: BoardSummary,
    /// From left to right.
    columns: Vec<ColumnWithCards>,
    /// From top to bottom, when they were asked for; those without cards are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    lanes: Option<Vec<LaneView>>,
}

/// A column as a board shows it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ColumnWithCards {
    #[serde(flatten)]
    column: ColumnView,
    /// All its cards, those beyond the first page too.
    total: i64,
    /// The first page, unless the cards come in lanes; `GET /columns/{id}/cards` goes on with its `next_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cards: Option<Page<TaskSummary>>,
}

/// A lane across a board.
#[derive(Serialize, ToSchema)]
pub(crate) struct LaneView {
    by: LanesBy,
    /// The person, the label or the priority; null for tasks without.
    id: Option<String>,
    /// Of the person or the label.
    name: Option<String>,
    /// All its cards.
    pub(super) total: i64,
    /// Its columns that have cards.
    pub(super) columns: Vec<CellView>,
}

impl LaneView {
    pub(super) fn new(by: LanesBy, id: Option<String>, name: Option<String>) -> Self {
        Self {
            by,
            id,
            name,
            total: 0,
            columns: Vec::new(),
        }
    }
}

/// The cards of a lane in one column.
#[derive(Serialize, ToSchema)]
pub(crate) struct CellView {
    pub(super) column_id: ColumnId,
    /// All of them, those beyond the first page too.
    pub(super) total: i64,
    /// The first page; `GET /columns/{id}/cards` with the lane as its filter goes on with its `next_cursor`.
    pub(super) cards: Page<TaskSummary>,
}

impl From<board::Model> for BoardSummary {
    fn from(board: board::Model) -> Self {
        Self {
            id: board.id,
            project_id: board.project_id,
            name: board.name,
            description: board.description,
            version: board.version,
            created_at: board.created_at,
            updated_at: board.updated_at,
        }
    }
}

impl BoardView {
    /// Deals the cards, which are in order, to their columns.
    pub(super) fn new(
        board: board::Model,
        columns: Vec<CountedColumn>,
        cards: Vec<SummaryRow>,
        limit: u32,
    ) -> Self {
        let mut dealt: HashMap<ColumnId, Vec<SummaryRow>> = HashMap::new();
        for card in cards {
            dealt.entry(card.column_id).or_default().push(card);
        }
        let columns = columns.into_iter().map(|counted| {
            let rows = dealt.remove(&counted.column.id).unwrap_or_default();
            ColumnWithCards {
                cards: Some(cards_page(rows, limit)),
                total: counted.total,
                column: counted.column.into(),
            }
        });
        Self {
            columns: columns.collect(),
            board: board.into(),
            lanes: None,
        }
    }

    /// The board with its cards in lanes.
    pub(super) fn in_lanes(
        board: board::Model,
        columns: Vec<CountedColumn>,
        lanes: Vec<LaneView>,
    ) -> Self {
        let columns = columns.into_iter().map(|counted| ColumnWithCards {
            cards: None,
            total: counted.total,
            column: counted.column.into(),
        });
        Self {
            columns: columns.collect(),
            board: board.into(),
            lanes: Some(lanes),
        }
    }
}
