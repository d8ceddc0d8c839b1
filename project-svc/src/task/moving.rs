//! Moving a task: by its card on the board, or by its status.

use events::topic::task::{TaskMoved, TaskStatus, TaskStatusChanged};
use httpkit::{IfMatch, Json, Problem, Versioned};
use kernel::TaskId;
use sea_orm::ActiveValue::Set;
use tenancy::UnitOfWork;

use super::model::completed_at;
use super::place::{self, Departure, Goal};
use super::routes::{no_such_column, versioned};
use super::row::TaskRow;
use super::view::{MoveCard, MovedCard, SetStatus, TaskView};
use super::{edit, history};
use crate::access::{TaskAccess, Write};
use crate::api::WriteProblems;
use crate::entity::task;
use crate::order::Place;
use crate::patch::Meant;
use crate::tenant::Tenant;
use crate::{column, versions};

/// Move a card
///
/// Into a column of its own project, to a place given by a neighbour or a position. The task's status
/// becomes the column's category. A full column warns by `wip_exceeded` and takes the card all the same, unless it
/// blocks: 409 `wip_limit_reached`.
#[utoipa::path(put, path = "/cards/{id}/move", tag = "cards", request_body = MoveCard,
    params(("id" = TaskId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the card in its new place", body = MovedCard), WriteProblems))]
pub(super) async fn move_card(
    access: TaskAccess<Write>,
    if_match: IfMatch,
    Json(body): Json<MoveCard>,
) -> Result<Versioned<MovedCard>, Problem> {
    let (tenant, found) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    meant.check(found.task.version)?;
    let place = column::model::place(body.before_id, body.after_id, body.position)?;
    let place = place.unwrap_or(Place::Last);
    let _turn = tenant.turn(body.column_id).await;
    let unit = tenant.begin().await?;
    let moved = relocate(
        &unit,
        &tenant,
        &found,
        Goal::Column(body.column_id),
        &place,
        &meant,
    )
    .await?;
    unit.commit().await?;
    Ok(Versioned {
        version: moved.row.task.version,
        body: MovedCard {
            card: moved.row.into(),
            wip_exceeded: moved.wip_exceeded,
        },
    })
}

/// Change a task's status
///
/// The task goes to the end of the first column of that category on its board.
#[utoipa::path(put, path = "/tasks/{id}/status", tag = "tasks", request_body = SetStatus,
    params(("id" = TaskId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, description = "the task", body = TaskView), WriteProblems))]
pub(super) async fn set_task_status(
    access: TaskAccess<Write>,
    if_match: IfMatch,
    Json(body): Json<SetStatus>,
) -> Result<Versioned<TaskView>, Problem> {
    let (tenant, row) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    meant.check(row.task.version)?;
    if row.task.status == body.status {
        return Ok(versioned(row.into()));
    }
    let _turn = tenant.turn(row.task.project_id).await;
    let unit = tenant.begin().await?;
    let moved = go_to_status(&unit, &tenant, &row, body.status, &meant).await?;
    unit.commit().await?;
    Ok(versioned(moved.row.into()))
}

/// Gives a task whose row is held the status, unless it has it.
pub(super) async fn to_status(
    unit: &UnitOfWork,
    tenant: &Tenant,
    held: TaskRow,
    status: TaskStatus,
) -> Result<TaskRow, Problem> {
    if held.task.status == status {
        return Ok(held);
    }
    let any = Meant::new(IfMatch::Any, None);
    let moved = go_to_status(unit, tenant, &held, status, &any).await?;
    Ok(moved.row)
}

async fn go_to_status(
    unit: &UnitOfWork,
    tenant: &Tenant,
    row: &TaskRow,
    status: TaskStatus,
    meant: &Meant,
) -> Result<Moved, Problem> {
    let goal = Goal::Status(row.task.board_id, status);
    relocate(unit, tenant, row, goal, &Place::Last, meant).await
}

struct Moved {
    row: TaskRow,
    wip_exceeded: bool,
}

async fn relocate(
    unit: &UnitOfWork,
    tenant: &Tenant,
    found: &TaskRow,
    goal: Goal,
    place: &Place<TaskId>,
    meant: &Meant,
) -> Result<Moved, Problem> {
    let departure = place::lock_both(unit, found.task.id, goal).await?;
    let Departure { task, target } = departure.ok_or_else(|| nowhere(goal))?;
    let row = edit::as_held(unit, found, task).await?;
    // Again, now that the row cannot change any more.
    meant.check(row.task.version)?;
    let comes = row.task.column_id != target.column_id;
    let wip_exceeded = place::exceeds(unit, &target, i64::from(comes)).await?;
    if comes && wip_exceeded && target.limit_blocks {
        return Err(place::full(&target));
    }
    let now = tenant.now();
    let changes = task::ActiveModel {
        board_id: Set(target.board_id),
        column_id: Set(target.column_id),
        status: Set(target.category),
        order_key: Set(place::make_room(unit, target.column_id, row.task.id, place).await?),
        completed_at: Set(completed_at(target.category, row.task.completed_at, now)),
        ..Default::default()
    };
    let updated = versions::update::<task::Entity>(unit, row.task.id, changes, None, now).await?;
    let updated = updated.ok_or_else(Problem::not_found)?;
    tell(unit, tenant, &row, &updated).await?;
    let after = row.clone().with(updated);
    history::record(unit, tenant, "task.moved", (&row, &after)).await?;
    Ok(Moved {
        row: after,
        wip_exceeded,
    })
}

async fn tell(
    unit: &UnitOfWork,
    tenant: &Tenant,
    before: &TaskRow,
    after: &task::Model,
) -> Result<(), Problem> {
    let moved = TaskMoved {
        task_id: after.id,
        project_id: after.project_id,
        board_id: after.board_id,
        from_column_id: before.task.column_id,
        to_column_id: after.column_id,
        version: Some(after.version),
    };
    tenant.emit(unit, &moved).await?;
    if before.task.status == after.status {
        return Ok(());
    }
    let changed = TaskStatusChanged {
        task_id: after.id,
        project_id: after.project_id,
        from: before.task.status,
        to: after.status,
        assignee_ids: before.assignees(),
        completed_at: after.completed_at,
        version: Some(after.version),
    };
    tenant.emit(unit, &changed).await
}

fn nowhere(goal: Goal) -> Problem {
    match goal {
        Goal::Column(_) => no_such_column(),
        Goal::Status(..) => Problem::conflict(
            "no_column_for_status",
            "the board has no column of this category",
        ),
    }
}
