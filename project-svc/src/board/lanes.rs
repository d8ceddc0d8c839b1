//! Swimlanes: a board's cards by person, label or priority, and within each by column.

use std::collections::{BTreeMap, HashMap};

use kernel::{BoardId, ColumnId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};

use super::view::{CellView, LaneView, LanesBy};
use crate::task::{LOOKED_UP, SummaryRow, cards_page};

/// How many cards are in a column and a lane.
#[derive(FromQueryResult)]
pub(super) struct Cell {
    lane: Option<String>,
    /// Of the person or the label.
    name: Option<String>,
    column_id: ColumnId,
    total: i64,
}

/// A card in a lane.
#[derive(FromQueryResult)]
pub(super) struct LaneCard {
    lane: Option<String>,
    #[sea_orm(nested)]
    card: SummaryRow,
}

/// What lanes are made of: the lane's id, its name, and where both are found beside `tasks`.
struct Source {
    id: &'static str,
    name: &'static str,
    joins: &'static str,
}

impl LanesBy {
    fn source(self) -> Source {
        match self {
            Self::Assignee => Source {
                id: "a.user_id::text",
                name: "person.name",
                joins: "left join task_assignees a on a.task_id = tasks.id
                    left join people person on person.id = a.user_id",
            },
            Self::Label => Source {
                id: "tied.label_id::text",
                name: "label.name",
                joins: "left join task_labels tied on tied.task_id = tasks.id
                    left join labels label on label.id = tied.label_id",
            },
            Self::Priority => Source {
                id: "tasks.priority",
                name: "null::text",
                joins: "",
            },
        }
    }
}

/// The cells of a board that are not empty, lane by lane: the most pressing or the first by name before the others,
/// and behind all what is in no lane.
pub(super) async fn cells(
    db: &impl ConnectionTrait,
    board: BoardId,
    by: LanesBy,
) -> Result<Vec<Cell>, DbErr> {
    let Source { id, name, joins } = by.source();
    let sql = format!(
        "select {id} as lane, {name} as name, tasks.column_id, count(*) as total from tasks {joins}
         where tasks.board_id = $1 and tasks.deleted_at is null and tasks.archived_at is null
         group by 1, 2, 3
         order by array_position(array['urgent', 'high', 'medium', 'low'], {id}), {name} nulls last, 1"
    );
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [board.into()]);
    Cell::find_by_statement(statement).all(db).await
}

/// The first cards of each cell, in order.
pub(super) async fn first_cards(
    db: &impl ConnectionTrait,
    board: BoardId,
    by: LanesBy,
    limit: u32,
) -> Result<Vec<LaneCard>, DbErr> {
    let Source { id, joins, .. } = by.source();
    let looked_up = LOOKED_UP.iter();
    let looked_up: Vec<String> = looked_up
        .map(|(sql, column)| format!("{sql} as {column}"))
        .collect();
    let sql = format!(
        "select tasks.*, p.key as project_key, {} from (
             select tasks.id, project_id, number, board_id, column_id, title, status, priority, order_key, start_date,
                 due_date, estimate_seconds, parent_id, fields, completed_at, tasks.version, tasks.created_at,
                 tasks.updated_at, {id} as lane,
                 row_number() over (partition by {id}, column_id order by order_key, tasks.id) as place
             from tasks {}
             where board_id = $1 and deleted_at is null and archived_at is null
         ) tasks
         join projects p on p.id = tasks.project_id
         where tasks.place <= $2 order by tasks.order_key, tasks.id",
        looked_up.join(", "),
        match by {
            LanesBy::Assignee => "left join task_assignees a on a.task_id = tasks.id",
            LanesBy::Label => "left join task_labels tied on tied.task_id = tasks.id",
            LanesBy::Priority => joins,
        }
    );
    let values = [board.into(), i64::from(limit).into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    LaneCard::find_by_statement(statement).all(db).await
}

/// Deals the cards to the cells; both are in order.
pub(super) fn deal(
    by: LanesBy,
    cells: Vec<Cell>,
    cards: Vec<LaneCard>,
    limit: u32,
) -> Vec<LaneView> {
    let mut dealt: HashMap<(Option<String>, ColumnId), Vec<SummaryRow>> = HashMap::new();
    for LaneCard { lane, card } in cards {
        dealt.entry((lane, card.column_id)).or_default().push(card);
    }
    let mut lanes: Vec<LaneView> = Vec::new();
    let mut known: BTreeMap<Option<String>, usize> = BTreeMap::new();
    for cell in cells {
        let place = *known.entry(cell.lane.clone()).or_insert_with(|| {
            lanes.push(LaneView::new(by, cell.lane.clone(), cell.name.clone()));
            lanes.len() - 1
        });
        let rows = dealt.remove(&(cell.lane, cell.column_id));
        if let Some(lane) = lanes.get_mut(place) {
            lane.total += cell.total;
            lane.columns.push(CellView {
                column_id: cell.column_id,
                total: cell.total,
                cards: cards_page(rows.unwrap_or_default(), limit),
            });
        }
    }
    lanes
}
