//! What was done to a task, field by field, by whom and when.

use chrono::{DateTime, Utc};
use events::topic::task::TaskUpdated;
use httpkit::{Json, PageQuery, PageRequest, Path, Problem};
use kernel::{ActivityId, Page, TaskId, UserId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tenancy::UnitOfWork;
use utoipa::ToSchema;

use super::row::TaskRow;
use crate::access::{Read, TaskAccess};
use crate::activity;
use crate::api::ReadProblems;
use crate::entity::task;
use crate::tenant::Tenant;

/// Entries with longer changes come without them in lists: a description alone may have 50,000 characters.
const LONGEST_IN_LIST_BYTES: i32 = 8_192;

/// What differs between two states of a task: by field, `{"from": .., "to": ..}`.
pub(super) fn changes(before: &TaskRow, after: &TaskRow) -> Map<String, Value> {
    let mut changes = Map::new();
    let mut compare = |field: String, from: Value, to: Value| {
        if from != to {
            changes.insert(field, json!({"from": from, "to": to}));
        }
    };
    for ((field, from), (_, to)) in fields(before).into_iter().zip(fields(after)) {
        compare(field.to_owned(), from, to);
    }
    let (from, to) = (own_fields(before), own_fields(after));
    for key in from.keys().chain(to.keys()) {
        let value = |fields: &Map<String, Value>| fields.get(key).cloned().unwrap_or_default();
        compare(format!("fields.{key}"), value(&from), value(&to));
    }
    changes
}

/// All that is kept track of, custom fields excepted.
fn fields(row: &TaskRow) -> [(&'static str, Value); 16] {
    let task = &row.task;
    [
        ("key", json!(row.key())),
        ("project_id", json!(task.project_id)),
        ("board_id", json!(task.board_id)),
        ("column_id", json!(task.column_id)),
        ("title", json!(task.title)),
        ("description", json!(task.description)),
        ("status", json!(task.status)),
        ("priority", json!(task.priority)),
        ("start_date", json!(task.start_date)),
        ("due_date", json!(task.due_date)),
        ("estimate_seconds", json!(task.estimate_seconds)),
        ("parent_id", json!(task.parent_id)),
        ("assignee_ids", json!(row.assignees())),
        ("label_ids", json!(row.labels())),
        ("archived_at", json!(task.archived_at)),
        ("deleted_at", json!(task.deleted_at)),
    ]
}

fn own_fields(row: &TaskRow) -> Map<String, Value> {
    match &row.fields_by_key {
        Value::Object(fields) => fields.clone(),
        _ => Map::new(),
    }
}

/// Writes into the history what differs between two states of a task, if anything does.
pub(super) async fn record(
    unit: &UnitOfWork,
    tenant: &Tenant,
    kind: &'static str,
    (before, after): (&TaskRow, &TaskRow),
) -> Result<(), Problem> {
    let changes = changes(before, after);
    if changes.is_empty() {
        return Ok(());
    }
    let (project, task) = (after.task.project_id, after.task.id);
    let changes = Value::Object(changes);
    Ok(activity::record(unit, tenant, project, Some(task), kind, changes).await?)
}

/// Tells that something around a task changed which has no event of its own, and writes it into the history.
pub(crate) async fn tell_part(
    unit: &UnitOfWork,
    tenant: &Tenant,
    task: &task::Model,
    part: &str,
    changes: Value,
) -> Result<(), Problem> {
    let event = TaskUpdated {
        task_id: task.id,
        project_id: task.project_id,
        changed: vec![part.to_owned()],
        version: None,
    };
    tenant.emit(unit, &event).await?;
    let project = task.project_id;
    Ok(activity::record(
        unit,
        tenant,
        project,
        Some(task.id),
        "task.updated",
        changes,
    )
    .await?)
}

/// Something that was done to a task.
#[derive(Serialize, FromQueryResult, ToSchema)]
pub(crate) struct HistoryEntry {
    id: ActivityId,
    /// As the event that told of it.
    #[schema(example = "task.updated")]
    kind: String,
    actor_id: UserId,
    /// By field, `{"from": .., "to": ..}`; null in lists when it is long.
    #[schema(value_type = Option<Object>)]
    changes: Option<Value>,
    created_at: DateTime<Utc>,
}

/// The path of one entry.
#[derive(Deserialize)]
pub(super) struct Named {
    entry_id: ActivityId,
}

/// List what was done to a task
///
/// The newest first.
#[utoipa::path(get, path = "/tasks/{id}/history", tag = "tasks", params(("id" = TaskId, Path), PageRequest),
    responses((status = 200, description = "a page of entries", body = Page<HistoryEntry>), ReadProblems))]
pub(super) async fn list_task_history(
    access: TaskAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<HistoryEntry>>, Problem> {
    let after = page.after()?;
    let connection = access.tenant.read().await?;
    let rows = read_page(
        &connection,
        access.thing.task.id,
        after,
        page.limit_and_one(),
    )
    .await?;
    let key = |row: &HistoryEntry| (row.created_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, |row| row)))
}

/// List what was done to a card, as `/tasks/{id}/history` does
#[utoipa::path(get, path = "/cards/{id}/activities", tag = "cards", params(("id" = TaskId, Path), PageRequest),
    responses((status = 200, description = "a page of entries", body = Page<HistoryEntry>), ReadProblems))]
pub(super) async fn list_card_activities(
    access: TaskAccess<Read>,
    page: PageQuery,
) -> Result<Json<Page<HistoryEntry>>, Problem> {
    list_task_history(access, page).await
}

/// Get one entry of a task's history
///
/// With all of its changes.
#[utoipa::path(get, path = "/tasks/{id}/history/{entry_id}", tag = "tasks",
    params(("id" = TaskId, Path), ("entry_id" = ActivityId, Path)),
    responses((status = 200, description = "the entry", body = HistoryEntry), ReadProblems))]
pub(super) async fn get_history_entry(
    access: TaskAccess<Read>,
    Path(Named { entry_id }): Path<Named>,
) -> Result<Json<HistoryEntry>, Problem> {
    let task = access.thing.task.id;
    let found = HistoryEntry::find_by_statement(raw_sql!(
        Postgres,
        "select id, kind, actor_id, changes, created_at from activities
         where id = {entry_id} and task_id = {task}"
    ));
    let found = found.one(&access.tenant.read().await?).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}

async fn read_page(
    db: &impl ConnectionTrait,
    task: TaskId,
    after: Option<(DateTime<Utc>, ActivityId)>,
    limit: u64,
) -> Result<Vec<HistoryEntry>, DbErr> {
    let (created_at, id) = after.unzip();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    HistoryEntry::find_by_statement(raw_sql!(
        Postgres,
        "select id, kind, actor_id, created_at,
             case when octet_length(changes::text) <= {LONGEST_IN_LIST_BYTES} then changes end as changes
         from activities where task_id = {task}
             and ({created_at}::timestamptz is null or (created_at, id) < ({created_at}, {id}))
         order by created_at desc, id desc limit {limit}"
    ))
    .all(db)
    .await
}
