//! Who wants to hear of a task.

use chrono::{DateTime, Utc};
use httpkit::{Json, NoContent, PageQuery, PageRequest, Path, Problem};
use kernel::{Page, TaskId, UserId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::history::tell_part;
use crate::access::{Read, TaskAccess, Write};
use crate::api::{ReadProblems, WriteProblems};
use crate::entity::task;
use crate::people;
use crate::tenant::Tenant;

/// People who watch one task.
const MOST_PER_TASK: i64 = 200;

/// Somebody who wants to hear of a task.
#[derive(Serialize, FromQueryResult, ToSchema)]
pub(crate) struct WatcherView {
    user_id: UserId,
    /// Display name.
    name: String,
    added_at: DateTime<Utc>,
}

/// The path of one watcher.
#[derive(Deserialize)]
pub(super) struct Named {
    user_id: UserId,
}

/// List who watches a task
///
/// In the order they began to.
#[utoipa::path(get, path = "/tasks/{id}/watchers", tag = "tasks", params(("id" = TaskId, Path), PageRequest),
    responses((status = 200, description = "a page of people", body = Page<WatcherView>), ReadProblems))]
pub(super) async fn list_watchers(
    access: TaskAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<WatcherView>>, Problem> {
    let after = page.after()?;
    let connection = access.tenant.read().await?;
    let rows = read_page(
        &connection,
        access.thing.task.id,
        after,
        page.limit_and_one(),
    )
    .await?;
    let key = |row: &WatcherView| (row.added_at, row.user_id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// Watch a task
#[utoipa::path(put, path = "/tasks/{id}/watch", tag = "tasks", params(("id" = TaskId, Path)),
    responses((status = 204, description = "done, or so already"), WriteProblems))]
pub(super) async fn watch_task(access: TaskAccess<Read>) -> Result<NoContent, Problem> {
    let person = access.tenant.user();
    add(&access.tenant, &access.thing.task, person).await
}

/// Watch a task no longer
#[utoipa::path(delete, path = "/tasks/{id}/watch", tag = "tasks", params(("id" = TaskId, Path)),
    responses((status = 204, description = "done, or so already"), WriteProblems))]
pub(super) async fn unwatch_task(access: TaskAccess<Read>) -> Result<NoContent, Problem> {
    let person = access.tenant.user();
    remove(&access.tenant, &access.thing.task, person).await
}

/// Let somebody watch a task
#[utoipa::path(put, path = "/tasks/{id}/watchers/{user_id}", tag = "tasks",
    params(("id" = TaskId, Path), ("user_id" = UserId, Path)),
    responses((status = 204, description = "done, or so already"), WriteProblems))]
pub(super) async fn add_watcher(
    access: TaskAccess<Write>,
    Path(Named { user_id }): Path<Named>,
) -> Result<NoContent, Problem> {
    people::resolve_one(&access.tenant, user_id, "/user_id").await?;
    add(&access.tenant, &access.thing.task, user_id).await
}

/// Let somebody watch a task no longer
#[utoipa::path(delete, path = "/tasks/{id}/watchers/{user_id}", tag = "tasks",
    params(("id" = TaskId, Path), ("user_id" = UserId, Path)),
    responses((status = 204, description = "done, or so already"), WriteProblems))]
pub(super) async fn remove_watcher(
    access: TaskAccess<Write>,
    Path(Named { user_id }): Path<Named>,
) -> Result<NoContent, Problem> {
    remove(&access.tenant, &access.thing.task, user_id).await
}

async fn add(tenant: &Tenant, task: &task::Model, person: UserId) -> Result<NoContent, Problem> {
    let (id, now) = (task.id, tenant.now());
    let unit = tenant.begin().await?;
    let count = unit.query_one_raw(raw_sql!(
        Postgres,
        "select count(*) as count from task_watchers where task_id = {id}"
    ));
    let count: Option<i64> = count
        .await?
        .map(|row| row.try_get("", "count"))
        .transpose()?;
    if count.is_some_and(|count| count >= MOST_PER_TASK) {
        let detail = format!("at most {MOST_PER_TASK} people watch a task");
        return Err(Problem::conflict("too_many_watchers", detail));
    }
    let insert = raw_sql!(
        Postgres,
        "insert into task_watchers (task_id, user_id, added_at) values ({id}, {person}, {now})
         on conflict do nothing"
    );
    if unit.execute_raw(insert).await?.rows_affected() == 0 {
        return Ok(NoContent);
    }
    let changes = json!({"watchers": {"from": null, "to": person}});
    tell_part(&unit, tenant, task, "watchers", changes).await?;
    unit.commit().await?;
    Ok(NoContent)
}

async fn remove(tenant: &Tenant, task: &task::Model, person: UserId) -> Result<NoContent, Problem> {
    let id = task.id;
    let unit = tenant.begin().await?;
    let delete = raw_sql!(
        Postgres,
        "delete from task_watchers where task_id = {id} and user_id = {person}"
    );
    if unit.execute_raw(delete).await?.rows_affected() == 0 {
        return Ok(NoContent);
    }
    let changes = json!({"watchers": {"from": person, "to": null}});
    tell_part(&unit, tenant, task, "watchers", changes).await?;
    unit.commit().await?;
    Ok(NoContent)
}

async fn read_page(
    db: &impl ConnectionTrait,
    task: TaskId,
    after: Option<(DateTime<Utc>, UserId)>,
    limit: u64,
) -> Result<Vec<WatcherView>, DbErr> {
    let (added_at, id) = after.unzip();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    WatcherView::find_by_statement(raw_sql!(
        Postgres,
        "select w.user_id, p.name, w.added_at from task_watchers w join people p on p.id = w.user_id
         where w.task_id = {task}
             and ({added_at}::timestamptz is null or (w.added_at, w.user_id) > ({added_at}, {id}))
         order by w.added_at, w.user_id limit {limit}"
    ))
    .all(db)
    .await
}
