//! HTTP of making, changing and deleting boards.

use events::Event;
use events::topic::board::{BoardCreated, BoardDeleted, BoardUpdated};
use events::topic::project::ProjectUpdated;
use httpkit::idempotency::IdempotencyKey;
use httpkit::{Created, IfMatch, Json, NoContent, Problem, Query, Versioned};
use kernel::{BoardId, ColumnId, ProjectId};
use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};
use tenancy::UnitOfWork;

use super::place::{lock_project, make_room};
use super::store::{self, MOST_PER_PROJECT};
use super::view::{BoardSummary, CreateBoard, DeleteQuery, PatchBoard};
use crate::access::{BoardAccess, Manage, ProjectAccess};
use crate::api::WriteProblems;
use crate::column::model::place;
use crate::entity::board;
use crate::order::Place;
use crate::patch::{Meant, changed};
use crate::task::MOST_MOVED;
use crate::tenant::Tenant;
use crate::{activity, column, task, versions};

/// Create a board
///
/// With the columns To do, In progress, Review and Done.
#[utoipa::path(post, path = "/projects/{id}/boards", tag = "boards", request_body = CreateBoard,
    params(("id" = ProjectId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, description = "the board", body = BoardSummary), WriteProblems))]
pub(super) async fn create_board(
    access: ProjectAccess<Manage>,
    key: IdempotencyKey,
    Json(body): Json<CreateBoard>,
) -> Result<Created<Versioned<BoardSummary>>, Problem> {
    let (tenant, project) = (access.tenant, access.thing);
    let place = place(body.before_id, body.after_id, None)?.unwrap_or(Place::Last);
    let scope = format!("create_board:{}:{}", project.id, tenant.user());
    let once = key.once(scope, &body);
    let unit = tenant.begin().await?;
    if let Some(view) = once.replayed(&unit, tenant.now()).await? {
        return Ok(created(view));
    }
    if !lock_project(&unit, project.id).await? {
        return Err(Problem::not_found());
    }
    let others = store::all(&unit, project.id).await?;
    if others.len() >= MOST_PER_PROJECT {
        return Err(Problem::conflict(
            "too_many_boards",
            "a project has at most 50 boards",
        ));
    }
    let (id, now) = (tenant.next_id(), tenant.now());
    let board = board::ActiveModel {
        id: Set(id),
        project_id: Set(project.id),
        name: Set(body.name),
        description: Set(body.description),
        order_key: Set(make_room(&unit, &others, &place).await?),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let board = store::insert(&unit, board).await?;
    column::create_usual(&unit, &tenant, id).await?;
    let changes = json!({"board_id": id, "name": board.name});
    let event = BoardCreated {
        board_id: id,
        project_id: project.id,
    };
    tell(&unit, &tenant, project.id, &event, changes).await?;
    let view = BoardSummary::from(board);
    once.remember(&unit, &view).await?;
    unit.commit().await?;
    Ok(created(view))
}

/// Change a board, or move it among the project's
///
/// Fields left out stay as they are.
#[utoipa::path(patch, path = "/boards/{id}", tag = "boards", request_body = PatchBoard,
    params(("id" = BoardId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the board", body = BoardSummary), WriteProblems))]
pub(super) async fn update_board(
    access: BoardAccess<Manage>,
    if_match: IfMatch,
    Json(body): Json<PatchBoard>,
) -> Result<Versioned<BoardSummary>, Problem> {
    let (tenant, board) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, body.version);
    let expected = meant.check(board.version)?;
    let place = place(body.before_id, body.after_id, None)?;
    let mut changes = body.changes();
    if changed(&changes).is_empty() && place.is_none() {
        return Ok(versioned(board.into()));
    }
    let unit = tenant.begin().await?;
    if let Some(place) = place {
        lock_project(&unit, board.project_id).await?;
        let mut others = store::all(&unit, board.project_id).await?;
        others.retain(|other| other.id != board.id);
        changes.order_key = Set(make_room(&unit, &others, &place).await?);
    }
    let names = changed(&changes);
    let updated =
        versions::update::<board::Entity>(&unit, board.id, changes, expected, tenant.now()).await?;
    let updated = updated.ok_or_else(|| meant.overtaken())?;
    let mut changes = activity::changes(&board, &updated, &names);
    if let Value::Object(changes) = &mut changes {
        changes.insert("board_id".to_owned(), json!(board.id));
    }
    let event = BoardUpdated {
        board_id: board.id,
        project_id: board.project_id,
        changed: names,
        version: updated.version,
    };
    tell(&unit, &tenant, board.project_id, &event, changes).await?;
    unit.commit().await?;
    Ok(versioned(updated.into()))
}

/// Change a board, as PATCH does
#[utoipa::path(put, path = "/boards/{id}", tag = "boards", request_body = PatchBoard,
    params(("id" = BoardId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the board", body = BoardSummary), WriteProblems))]
pub(super) async fn replace_board(
    access: BoardAccess<Manage>,
    if_match: IfMatch,
    body: Json<PatchBoard>,
) -> Result<Versioned<BoardSummary>, Problem> {
    update_board(access, if_match, body).await
}

/// Delete a board
///
/// 409 while it has tasks, archived ones too, unless `move_to` says where they go; at most 5,000 go at once. What lies in
/// the trash goes along. The last board of a project stays.
#[utoipa::path(delete, path = "/boards/{id}", tag = "boards",
    params(("id" = BoardId, Path), DeleteQuery, ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_board(
    access: BoardAccess<Manage>,
    Query(asked): Query<DeleteQuery>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    let (tenant, board) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    let expected = meant.check(board.version)?;
    let _turn = tenant.turn(board.project_id).await;
    let unit = tenant.begin().await?;
    lock_project(&unit, board.project_id).await?;
    let heir = heir(&unit, &board, asked.move_to).await?;
    store::lock_columns(&unit, board.id).await?;
    let tasks = task::count_on(&unit, board.id).await?;
    check_movable(tasks, asked.move_to)?;
    if tasks > 0 {
        task::rehouse(&unit, &tenant, board.project_id, board.id, heir).await?;
    }
    store::bequeath_trash(&unit, board.id, heir).await?;
    if !store::delete(&unit, board.id, expected).await? {
        return Err(meant.overtaken());
    }
    let changes = json!({"board_id": board.id, "name": board.name});
    let event = BoardDeleted {
        board_id: board.id,
        project_id: board.project_id,
    };
    tell(&unit, &tenant, board.project_id, &event, changes).await?;
    unit.commit().await?;
    Ok(NoContent)
}

/// 409 for tasks that nobody said where to put, and for more than are moved at once.
fn check_movable(tasks: i64, to: Option<ColumnId>) -> Result<(), Problem> {
    if tasks > 0 && to.is_none() {
        return Err(Problem::conflict(
            "board_not_empty",
            "there are tasks on it, or archived ones; say by `move_to` where they go",
        ));
    }
    if tasks > MOST_MOVED {
        let detail = format!(
            "there are {tasks} tasks on it, archived ones counted; at most {MOST_MOVED} move at once, so move others first"
        );
        return Err(Problem::conflict("too_many_tasks", detail));
    }
    Ok(())
}

/// The column that takes what is on the board: the one asked for, or any of another board.
async fn heir(
    unit: &UnitOfWork,
    board: &board::Model,
    asked: Option<ColumnId>,
) -> Result<ColumnId, Problem> {
    let heir = store::column_elsewhere(unit, board, asked).await?;
    heir.ok_or_else(|| match asked {
        Some(_) => Problem::field(
            "move_to",
            "unknown_reference",
            "is no column of another board of this project",
        ),
        None => Problem::conflict("last_board", "a project keeps at least one board"),
    })
}

/// Boards are part of how a project is arranged: a change of them is one of it.
async fn tell<E: Event>(
    unit: &UnitOfWork,
    tenant: &Tenant,
    project_id: ProjectId,
    event: &E,
    changes: Value,
) -> Result<(), Problem> {
    activity::record(unit, tenant, project_id, None, E::TYPE, changes).await?;
    tenant.emit(unit, event).await?;
    let changed = vec!["boards".to_owned()];
    let event = ProjectUpdated {
        project_id,
        changed,
    };
    tenant.emit(unit, &event).await
}

fn versioned(body: BoardSummary) -> Versioned<BoardSummary> {
    let version = body.version;
    Versioned { version, body }
}

fn created(view: BoardSummary) -> Created<Versioned<BoardSummary>> {
    Created {
        location: format!("/api/v1/boards/{}", view.id),
        body: versioned(view),
    }
}
