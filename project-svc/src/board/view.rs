//! What answers about boards look like.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kernel::{BoardId, ColumnId, Page, ProjectId};
use serde::Serialize;
use utoipa::ToSchema;

use super::store::CountedColumn;
use crate::column::ColumnView;
use crate::entity::board;
use crate::task::{SummaryRow, TaskSummary, cards_page};

/// A board in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct BoardSummary {
    id: BoardId,
    project_id: ProjectId,
    name: String,
    version: i32,
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
}

/// A column as a board shows it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ColumnWithCards {
    #[serde(flatten)]
    column: ColumnView,
    /// All its cards, those beyond the first page too.
    total: i64,
    /// The first page; `GET /columns/{id}/cards` goes on with its `next_cursor`.
    cards: Page<TaskSummary>,
}

impl From<board::Model> for BoardSummary {
    fn from(board: board::Model) -> Self {
        Self {
            id: board.id,
            project_id: board.project_id,
            name: board.name,
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
        let columns = columns.into_iter().map(|counted| ColumnWithCards {
            cards: cards_page(dealt.remove(&counted.column.id).unwrap_or_default(), limit),
            total: counted.total,
            column: counted.column.into(),
        });
        Self {
            columns: columns.collect(),
            board: board.into(),
        }
    }
}
