//! HTTP of boards.

use httpkit::{Json, PageQuery, PageRequest, Problem};
use kernel::{BoardId, Page, ProjectId};

use super::store;
use super::view::{BoardSummary, BoardView};
use crate::access::{BoardAccess, ProjectAccess, Read};
use crate::api::ReadProblems;
use crate::entity::board;

/// Cards of each column that come with the board.
const CARDS_PER_COLUMN: u32 = 50;

/// List the boards of a project
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
/// With its columns, and for each the first 50 cards and how many there are in all.
#[utoipa::path(get, path = "/boards/{id}", tag = "boards", params(("id" = BoardId, Path)),
    responses((status = 200, description = "the board", body = BoardView), ReadProblems))]
pub(super) async fn get_board(access: BoardAccess<Read>) -> Result<Json<BoardView>, Problem> {
    let board = access.thing;
    let connection = access.tenant.read().await?;
    let columns = store::counted_columns(&connection, board.id).await?;
    let cards = store::first_cards(&connection, board.id, CARDS_PER_COLUMN + 1).await?;
    Ok(Json(BoardView::new(
        board,
        columns,
        cards,
        CARDS_PER_COLUMN,
    )))
}
