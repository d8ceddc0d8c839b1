//! HTTP of looking at boards.

use httpkit::{Json, PageQuery, PageRequest, Problem, Query, Versioned};
use kernel::{BoardId, Page, ProjectId};

use super::store::LaidOut;
use super::view::{BoardQuery, BoardSummary, BoardView};
use super::{lanes, store};
use crate::access::{Access, ProjectAccess, Read};
use crate::api::ReadProblems;
use crate::entity::board;

/// Most cards of each column that come with the board, and how many do unless it is said.
const CARDS_PER_COLUMN: u32 = 50;

/// List the boards of a project
///
/// In their order.
#[utoipa::path(get, path = "/projects/{id}/boards", tag = "boards", params(("id" = ProjectId, Path), PageRequest),
    responses((status = 200, description = "a page of boards", body = Page<BoardSummary>), ReadProblems))]
pub(super) async fn list_boards(
    access: ProjectAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<BoardSummary>>, Problem> {
    let after = page.after()?;
    let connection = access.tenant.read().await?;
    let rows = store::page(&connection, access.thing.id, after, page.limit_and_one()).await?;
    let key = |row: &board::Model| (row.order_key.clone(), row.id);
    Ok(Json(Page::of(rows, page.limit, key, BoardSummary::from)))
}

/// Get a board
///
/// With its columns, and for each the first cards and how many there are in all. With lanes, the cards come by
/// lane and column instead; a card of two people or labels is in both lanes.
#[utoipa::path(get, path = "/boards/{id}", tag = "boards", params(("id" = BoardId, Path), BoardQuery),
    responses((status = 200, description = "the board", body = BoardView), ReadProblems))]
pub(super) async fn get_board(
    access: Access<LaidOut, Read>,
    Query(asked): Query<BoardQuery>,
) -> Result<Versioned<BoardView>, Problem> {
    let LaidOut { board, columns } = access.thing;
    let limit = asked.cards.unwrap_or(CARDS_PER_COLUMN);
    if limit > CARDS_PER_COLUMN {
        return Err(Problem::field("cards", "out_of_range", "must be 0 to 50"));
    }
    let connection = access.tenant.read().await?;
    let version = board.version;
    let body = match asked.lanes {
        Some(by) => {
            let cells = lanes::cells(&connection, board.id, by).await?;
            let cards = lanes::first_cards(&connection, board.id, by, limit + 1).await?;
            BoardView::in_lanes(board, columns.0, lanes::deal(by, cells, cards, limit))
        }
        None => {
            let cards = store::first_cards(&connection, board.id, limit + 1).await?;
            BoardView::new(board, columns.0, cards, limit)
        }
    };
    Ok(Versioned { version, body })
}
