//! HTTP of columns.

use events::Event;
use events::topic::board::{ColumnCreated, ColumnDeleted, ColumnUpdated};
use events::topic::project::ProjectUpdated;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, IfMatch, Json, ListQuery, NoContent, PageRequest, Problem, Versioned};
use kernel::{BoardId, ColumnId, Page, ProjectId};
use sea_orm::ActiveValue::Set;
use tenancy::UnitOfWork;

use super::model::{self, MOST_PER_BOARD};
use super::store::{self, ColumnRow};
use super::view::{CardFilter, ColumnView, CreateColumn, MoveColumn, PatchColumn};
use crate::access::{BoardAccess, ColumnAccess, Manage, Read};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::column;
use crate::order::{OrderKey, Place};
use crate::patch::{Meant, changed};
use crate::task::{self, TaskSummary, cards_page};
use crate::tenant::Tenant;
use crate::{board, versions};

/// List the columns of a board
///
/// From left to right, all on one page: there are at most 250.
#[utoipa::path(get, path = "/boards/{id}/columns", tag = "columns", params(("id" = BoardId, Path)),
    responses((status = 200, description = "the columns", body = Page<ColumnView>), ReadProblems))]
pub(super) async fn list_columns(
    access: BoardAccess<Read>,
) -> Result<Json<Page<ColumnView>>, Problem> {
    let columns = store::all(&access.tenant.read().await?, access.thing.id).await?;
    Ok(Json(Page {
        items: columns.into_iter().map(ColumnView::from).collect(),
        next_cursor: None,
    }))
}

/// Add a column to a board
#[utoipa::path(post, path = "/boards/{id}/columns", tag = "columns", request_body = CreateColumn,
    params(("id" = BoardId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the column", body = ColumnView), WriteProblems))]
pub(super) async fn create_column(
    access: BoardAccess<Manage>,
    key: IdempotencyKey,
    Json(body): Json<CreateColumn>,
) -> Result<Created<Versioned<ColumnView>>, Problem> {
    let (tenant, board) = (access.tenant, access.thing);
    let place = model::place(body.before_id, body.after_id, None)?;
    let once = key.once(
        format!("create_column:{}:{}", board.id, tenant.user()),
        &body,
    );
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    board::lock(&unit, board.id).await?;
    let others = store::all(&unit, board.id).await?;
    if others.len() >= MOST_PER_BOARD {
        return Err(Problem::conflict(
            "too_many_columns",
            "a board has at most 250 columns",
        ));
    }
    let order_key = store::make_room(&unit, &others, &place.unwrap_or(Place::Last)).await?;
    let now = tenant.now();
    let column = column::ActiveModel {
        id: Set(tenant.next_id()),
        board_id: Set(board.id),
        name: Set(body.name),
        category: Set(body.category),
        order_key: Set(order_key),
        color: Set(body.color),
        wip_limit: Set(body.wip_limit),
        limit_blocks: Set(body.limit_blocks),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let view = ColumnView::from(store::insert(&unit, column).await?);
    let event = ColumnCreated {
        column_id: view.id,
        board_id: board.id,
        project_id: board.project_id,
    };
    tell(&tenant, &unit, board.project_id, &event).await?;
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// Change a column, or move it along its board
///
/// The category cannot be changed while there are cards: a card's status is its column's category.
#[utoipa::path(patch, path = "/columns/{id}", tag = "columns", request_body = PatchColumn,
    params(("id" = ColumnId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the column", body = ColumnView), WriteProblems))]
pub(super) async fn update_column(
    access: ColumnAccess<Manage>,
    if_match: IfMatch,
    Json(body): Json<PatchColumn>,
) -> Result<Versioned<ColumnView>, Problem> {
    let tenant = access.tenant;
    let ColumnRow {
        column, project_id, ..
    } = access.thing;
    let meant = Meant::new(if_match, body.version);
    let expected = meant.check(column.version)?;
    let place = model::place(body.before_id, body.after_id, None)?;
    let mut changes = body.changes();
    if changed(&changes).is_empty() && place.is_none() {
        return Ok(versioned(column.into()));
    }
    let unit = tenant.begin().await?;
    if let Some(place) = place {
        changes.order_key = Set(room_beside_others(&unit, &column, &place).await?);
    }
    if changes.category.is_set() && store::lock_and_look_for_cards(&unit, column.id).await? {
        return Err(not_empty());
    }
    let names = changed(&changes);
    let updated =
        versions::update::<column::Entity>(&unit, column.id, changes, expected, tenant.now())
            .await?;
    let updated = updated.ok_or_else(|| meant.overtaken())?;
    tell_updated(&tenant, &unit, project_id, &updated, names).await?;
    unit.commit().await?;
    Ok(versioned(updated.into()))
}

/// Change a column, as PATCH does
#[utoipa::path(put, path = "/columns/{id}", tag = "columns", request_body = PatchColumn,
    params(("id" = ColumnId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the column", body = ColumnView), WriteProblems))]
pub(super) async fn replace_column(
    access: ColumnAccess<Manage>,
    if_match: IfMatch,
    body: Json<PatchColumn>,
) -> Result<Versioned<ColumnView>, Problem> {
    update_column(access, if_match, body).await
}

/// Move a column along its board
///
/// To a place given by a neighbour or a position.
#[utoipa::path(put, path = "/columns/{id}/position", tag = "columns", request_body = MoveColumn,
    params(("id" = ColumnId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the column", body = ColumnView), WriteProblems))]
pub(super) async fn move_column(
    access: ColumnAccess<Manage>,
    if_match: IfMatch,
    Json(body): Json<MoveColumn>,
) -> Result<Versioned<ColumnView>, Problem> {
    let tenant = access.tenant;
    let ColumnRow {
        column, project_id, ..
    } = access.thing;
    let meant = Meant::new(if_match, None);
    let expected = meant.check(column.version)?;
    let place = model::place(body.before_id, body.after_id, body.position)?;
    let unit = tenant.begin().await?;
    let order_key = room_beside_others(&unit, &column, &place.unwrap_or(Place::Last)).await?;
    let changes = column::ActiveModel {
        order_key: Set(order_key),
        ..Default::default()
    };
    let names = changed(&changes);
    let updated =
        versions::update::<column::Entity>(&unit, column.id, changes, expected, tenant.now())
            .await?;
    let updated = updated.ok_or_else(|| meant.overtaken())?;
    tell_updated(&tenant, &unit, project_id, &updated, names).await?;
    unit.commit().await?;
    Ok(versioned(updated.into()))
}

/// The key of a place among the other columns of the board, which is locked from here on.
async fn room_beside_others(
    unit: &UnitOfWork,
    column: &column::Model,
    place: &Place<ColumnId>,
) -> Result<OrderKey, Problem> {
    board::lock(unit, column.board_id).await?;
    let mut others = store::all(unit, column.board_id).await?;
    others.retain(|other| other.id != column.id);
    store::make_room(unit, &others, place).await
}

/// Delete a column
///
/// 409 while it has cards, and for the last one of a board.
#[utoipa::path(delete, path = "/columns/{id}", tag = "columns",
    params(("id" = ColumnId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_column(
    access: ColumnAccess<Manage>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    let tenant = access.tenant;
    let ColumnRow {
        column, project_id, ..
    } = access.thing;
    Meant::new(if_match, None).check(column.version)?;
    let unit = tenant.begin().await?;
    board::lock(&unit, column.board_id).await?;
    let columns = store::all(&unit, column.board_id).await?;
    let Some(heir) = columns.iter().find(|other| other.id != column.id) else {
        return Err(Problem::conflict(
            "last_column",
            "a board keeps at least one column",
        ));
    };
    if store::lock_and_look_for_cards(&unit, column.id).await? {
        return Err(not_empty());
    }
    store::delete(&unit, column.id, heir.id).await?;
    let event = ColumnDeleted {
        column_id: column.id,
        board_id: column.board_id,
        project_id,
    };
    tell(&tenant, &unit, project_id, &event).await?;
    unit.commit().await?;
    Ok(NoContent)
}

/// List the cards of a column
///
/// From top to bottom; all of them or, as a board with lanes goes on, those of a lane.
#[utoipa::path(get, path = "/columns/{id}/cards", tag = "columns",
    params(("id" = ColumnId, Path), PageRequest, CardFilter),
    responses((status = 200, description = "a page of tasks", body = Page<TaskSummary>), ReadProblems))]
pub(super) async fn list_cards(
    access: ColumnAccess<Read>,
    ListQuery { page, filter }: ListQuery<CardFilter>,
) -> Result<Json<Page<TaskSummary>>, Problem> {
    let (after, limit) = (page.after()?, page.limit_and_one());
    let connection = access.tenant.read().await?;
    let lane = store::lane(&filter);
    let rows = task::cards(&connection, access.thing.column.id, lane, after, limit).await?;
    Ok(Json(cards_page(rows, page.limit)))
}

async fn tell_updated(
    tenant: &Tenant,
    unit: &UnitOfWork,
    project_id: ProjectId,
    column: &column::Model,
    changed: Vec<String>,
) -> Result<(), Problem> {
    let event = ColumnUpdated {
        column_id: column.id,
        board_id: column.board_id,
        project_id,
        changed,
        version: column.version,
    };
    tell(tenant, unit, project_id, &event).await
}

/// Columns are part of how a project is arranged: a change of them is one of it.
async fn tell<E: Event>(
    tenant: &Tenant,
    unit: &UnitOfWork,
    project_id: ProjectId,
    event: &E,
) -> Result<(), Problem> {
    tenant.emit(unit, event).await?;
    let changed = vec!["columns".to_owned()];
    tenant
        .emit(
            unit,
            &ProjectUpdated {
                project_id,
                changed,
            },
        )
        .await
}

fn not_empty() -> Problem {
    Problem::conflict(
        "column_not_empty",
        "there are cards in it, or archived ones; move them first",
    )
}

fn versioned(body: ColumnView) -> Versioned<ColumnView> {
    let version = body.version;
    Versioned { version, body }
}

fn created(view: ColumnView) -> Created<Versioned<ColumnView>> {
    Created {
        location: format!("/api/v1/columns/{}", view.id),
        body: versioned(view),
    }
}
