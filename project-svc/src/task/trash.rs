//! Archive and trash. What is put away is out of boards and lists and stays as it is; what is deleted lies in the trash
//! for 30 days, with all that was below it, and can be brought back.

use chrono::{DateTime, Utc};
use events::topic::task::{TaskArchived, TaskDeleted, TaskRestored, TaskUnarchived};
use httpkit::{IfMatch, Json, NoContent, PageQuery, PageRequest, Problem, Versioned};
use kernel::{Page, ProjectId, TaskId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};
use serde::Serialize;
use serde_json::json;
use tenancy::UnitOfWork;
use utoipa::ToSchema;

use super::model::task_key;
use super::routes::versioned;
use super::row::{COLUMNS, TaskRow};
use super::view::TaskView;
use super::{edit, history, tree};
use crate::access::{
    Access, Delete, ProjectAccess, ReadTrash, Standing, TaskAccess, Thing, Write, find,
};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::task;
use crate::patch::Meant;
use crate::tenant::Tenant;
use crate::{activity, versions};

/// A task in the trash, of a project that is not.
pub(crate) struct TrashedTask(TaskRow);

impl Thing for TrashedTask {
    type Id = TaskId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: TaskId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from = "tasks t join projects p on p.id = t.project_id
            where t.id = $1 and t.deleted_at is not null and p.deleted_at is null";
        let found = find(db, COLUMNS, from, id, caller).await?;
        Ok(found.map(|(row, standing)| (Self(row), standing)))
    }
}

/// Put a task away
///
/// Out of boards and lists; it stays as it is and can still be read and changed.
#[utoipa::path(post, path = "/tasks/{id}/archive", tag = "tasks", params(("id" = TaskId, Path)),
    responses((status = 200, description = "the task", body = TaskView), WriteProblems))]
pub(super) async fn archive_task(
    access: TaskAccess<Write>,
) -> Result<Versioned<TaskView>, Problem> {
    put_away(access, true).await
}

/// Bring a task back that was put away
///
/// To its old place.
#[utoipa::path(post, path = "/tasks/{id}/unarchive", tag = "tasks", params(("id" = TaskId, Path)),
    responses((status = 200, description = "the task", body = TaskView), WriteProblems))]
pub(super) async fn unarchive_task(
    access: TaskAccess<Write>,
) -> Result<Versioned<TaskView>, Problem> {
    put_away(access, false).await
}

async fn put_away(access: TaskAccess<Write>, away: bool) -> Result<Versioned<TaskView>, Problem> {
    let (tenant, found) = (access.tenant, access.thing);
    let unit = tenant.begin().await?;
    let held = edit::hold(&unit, &found).await?;
    let after = archive(&unit, &tenant, held, away).await?;
    unit.commit().await?;
    Ok(versioned(after.into()))
}

/// Puts a task away whose row is held, or brings it back; nothing happens where it is so already.
pub(super) async fn archive(
    unit: &UnitOfWork,
    tenant: &Tenant,
    held: TaskRow,
    away: bool,
) -> Result<TaskRow, Problem> {
    if held.task.archived_at.is_some() == away {
        return Ok(held);
    }
    let changes = task::ActiveModel {
        archived_at: Set(away.then(|| tenant.now())),
        ..Default::default()
    };
    let updated =
        versions::update::<task::Entity>(unit, held.task.id, changes, None, tenant.now()).await?;
    let updated = updated.ok_or_else(Problem::not_found)?;
    let (task_id, project_id) = (updated.id, updated.project_id);
    let version = Some(updated.version);
    let after = held.clone().with(updated);
    let kind = if away {
        let event = TaskArchived {
            task_id,
            project_id,
            version,
        };
        tenant.emit(unit, &event).await?;
        "task.archived"
    } else {
        let event = TaskUnarchived {
            task_id,
            project_id,
            version,
        };
        tenant.emit(unit, &event).await?;
        "task.unarchived"
    };
    history::record(unit, tenant, kind, (&held, &after)).await?;
    Ok(after)
}

/// Delete a task
///
/// It lies in the trash for 30 days, and all that is below it.
#[utoipa::path(delete, path = "/tasks/{id}", tag = "tasks",
    params(("id" = TaskId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_task(
    access: TaskAccess<Delete>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    let (tenant, found) = (access.tenant, access.thing);
    let meant = Meant::new(if_match, None);
    meant.check(found.task.version)?;
    let unit = tenant.begin().await?;
    tree::lock(&unit, found.task.project_id).await?;
    tree::lock_whole(&unit, &[found.task.id]).await?;
    let held = edit::hold(&unit, &found).await?;
    meant.check(held.task.version)?;
    delete(&unit, &tenant, held.task.id).await?;
    unit.commit().await?;
    Ok(NoContent)
}

/// Delete a card, as DELETE of `/tasks/{id}` does
#[utoipa::path(delete, path = "/cards/{id}", tag = "cards",
    params(("id" = TaskId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "done"), WriteProblems))]
pub(super) async fn delete_card(
    access: TaskAccess<Delete>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    delete_task(access, if_match).await
}

/// Puts a task and all below it into the trash. Under the lock of the project's trees and of all of these.
pub(super) async fn delete(
    unit: &UnitOfWork,
    tenant: &Tenant,
    root: TaskId,
) -> Result<(), Problem> {
    let (now, user) = (tenant.now(), tenant.user());
    for id in tree::whole(unit, root).await? {
        let changes = task::ActiveModel {
            deleted_at: Set(Some(now)),
            deleted_by: Set(Some(user)),
            ..Default::default()
        };
        // One that somebody else deleted on its own meanwhile is where it should be.
        let Some(deleted) = versions::update::<task::Entity>(unit, id, changes, None, now).await?
        else {
            continue;
        };
        let event = TaskDeleted {
            task_id: deleted.id,
            project_id: deleted.project_id,
            status: deleted.status,
            version: Some(deleted.version),
        };
        tenant.emit(unit, &event).await?;
        let changes = json!({"deleted_at": {"from": null, "to": now}});
        let project = deleted.project_id;
        activity::record(unit, tenant, project, Some(id), "task.deleted", changes).await?;
    }
    Ok(())
}

/// Bring a task back from the trash
///
/// With all that was deleted with it. When what it was a part of is still deleted, it stands alone; its status is that
/// of the column where it lies now.
#[utoipa::path(post, path = "/tasks/{id}/restore", tag = "tasks", params(("id" = TaskId, Path)),
    responses((status = 200, description = "the task", body = TaskView), WriteProblems))]
pub(super) async fn restore_task(
    access: Access<TrashedTask, Delete>,
) -> Result<Versioned<TaskView>, Problem> {
    let (tenant, TrashedTask(found)) = (access.tenant, access.thing);
    let (root, project) = (found.task.id, found.task.project_id);
    let unit = tenant.begin().await?;
    tree::lock(&unit, project).await?;
    let ids = lock_deleted_together(&unit, project, root).await?;
    if ids.is_empty() {
        return Err(Problem::not_found());
    }
    for id in ids {
        let restored = restore(&unit, id, tenant.now()).await?;
        let row = TaskRow::lock(&unit, id).await?;
        let (Some(Restored { was }), Some(row)) = (restored, row) else {
            return Err(Problem::internal("a locked task is not there"));
        };
        let event = TaskRestored {
            task_id: row.task.id,
            project_id: row.task.project_id,
            status: row.task.status,
            assignee_ids: row.assignees(),
            completed_at: row.task.completed_at,
            version: Some(row.task.version),
        };
        tenant.emit(&unit, &event).await?;
        let changes = json!({"deleted_at": {"from": was, "to": null}});
        activity::record(&unit, &tenant, project, Some(id), "task.restored", changes).await?;
    }
    let row = TaskRow::lock(&unit, root).await?;
    let row = row.ok_or_else(|| Problem::internal("a restored task is not there"))?;
    unit.commit().await?;
    Ok(versioned(row.into()))
}

/// A task and what was deleted with it, each behind its parent, all locked.
async fn lock_deleted_together(
    db: &impl ConnectionTrait,
    project: ProjectId,
    root: TaskId,
) -> Result<Vec<TaskId>, DbErr> {
    let rows = db.query_all_raw(raw_sql!(
        Postgres,
        "with recursive gone (id, deleted_at, level) as (
             select id, deleted_at, 1 from tasks
             where id = {root} and project_id = {project} and deleted_at is not null
             union all
             select t.id, t.deleted_at, g.level + 1 from gone g
             join tasks t on t.parent_id = g.id and t.deleted_at = g.deleted_at where g.level < 32)
         select t.id from gone g join tasks t on t.id = g.id order by g.level, t.id for no key update of t"
    ));
    let rows = rows.await?;
    rows.iter().map(|row| row.try_get("", "id")).collect()
}

struct Restored {
    was: Option<DateTime<Utc>>,
}

async fn restore(
    db: &impl ConnectionTrait,
    id: TaskId,
    now: DateTime<Utc>,
) -> Result<Option<Restored>, DbErr> {
    // Its column may have gone meanwhile, and left it to another one with another category.
    let restored = raw_sql!(
        Postgres,
        "update tasks t set deleted_at = null, deleted_by = null, version = t.version + 1, updated_at = {now},
             status = c.category,
             completed_at = case when c.category = 'done' then coalesce(t.completed_at, {now}) end,
             parent_id = (select p.id from tasks p where p.id = t.parent_id and p.deleted_at is null)
         from tasks before join columns c on c.id = before.column_id
         where t.id = {id} and before.id = t.id and t.deleted_at is not null
         returning before.deleted_at as was"
    );
    let row = db.query_one_raw(restored).await?;
    row.map(|row| row.try_get("", "was").map(|was| Restored { was }))
        .transpose()
}

/// A task in the trash.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrashEntry {
    id: TaskId,
    /// How people named it.
    #[schema(example = "APO-12")]
    key: String,
    title: String,
    deleted_at: DateTime<Utc>,
    deleted_by: Option<UserId>,
}

#[derive(FromQueryResult)]
struct TrashRow {
    id: TaskId,
    number: i32,
    title: String,
    deleted_at: DateTime<Utc>,
    deleted_by: Option<UserId>,
}

/// List the tasks in a project's trash
///
/// The latest first, for those who may delete tasks. What was deleted with the task it was below is not listed by
/// itself.
#[utoipa::path(get, path = "/projects/{id}/trash", tag = "tasks", params(("id" = ProjectId, Path), PageRequest),
    responses((status = 200, description = "a page of tasks", body = Page<TrashEntry>), ReadProblems))]
pub(super) async fn list_trash(
    access: ProjectAccess<ReadTrash>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<TrashEntry>>, Problem> {
    let after = page.after()?;
    let (project, project_key) = (access.thing.id, access.thing.key);
    let connection = access.tenant.read().await?;
    let rows = read_trash(&connection, project, after, page.limit_and_one()).await?;
    let key = |row: &TrashRow| (row.deleted_at, row.id);
    let entry = |row: TrashRow| TrashEntry {
        id: row.id,
        key: task_key(&project_key, row.number),
        title: row.title,
        deleted_at: row.deleted_at,
        deleted_by: row.deleted_by,
    };
    Ok(Json(Page::of(rows, page.limit, key, entry)))
}

async fn read_trash(
    db: &impl ConnectionTrait,
    project: ProjectId,
    after: Option<(DateTime<Utc>, TaskId)>,
    limit: u64,
) -> Result<Vec<TrashRow>, DbErr> {
    let (deleted_at, id) = after.unzip();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    TrashRow::find_by_statement(raw_sql!(
        Postgres,
        "select t.id, t.number, t.title, t.deleted_at, t.deleted_by from tasks t
         where t.project_id = {project} and t.deleted_at is not null
             and not exists (select from tasks p where p.id = t.parent_id and p.deleted_at = t.deleted_at)
             and ({deleted_at}::timestamptz is null or (t.deleted_at, t.id) < ({deleted_at}, {id}))
         order by t.deleted_at desc, t.id desc limit {limit}"
    ))
    .all(db)
    .await
}
