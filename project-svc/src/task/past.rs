//! Reading what was done to a task. Its history goes with it into other projects; the names of those are shown to who
//! sees them.

use chrono::{DateTime, Utc};
use httpkit::{Json, PageQuery, PageRequest, Path, Problem};
use kernel::{ActivityId, Page, ProjectId, TaskId, UserId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value as Bound};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::access::{Read, TaskAccess, visible};
use crate::activity;
use crate::api::ReadProblems;
use crate::tenant::Tenant;

/// Entries with longer changes come without them in lists: a description alone may have 50,000 characters.
const LONGEST_IN_LIST_BYTES: i32 = 8_192;

/// Something that was done to a task.
#[derive(Serialize, ToSchema)]
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
/// The newest first, from other projects too where it was before. Keys and fields of projects that the caller does not
/// see are left out.
#[utoipa::path(get, path = "/tasks/{id}/history", tag = "tasks", params(("id" = TaskId, Path), PageRequest),
    responses((status = 200, description = "a page of entries", body = Page<HistoryEntry>), ReadProblems))]
pub(super) async fn list_task_history(
    access: TaskAccess<Read>,
    PageQuery { page, .. }: PageQuery,
) -> Result<Json<Page<HistoryEntry>>, Problem> {
    let after = page.after()?;
    let (tenant, task) = (&access.tenant, &access.thing.task);
    let connection = tenant.read().await?;
    let of = (task.id, task.project_id);
    let rows = read_page(&connection, tenant, of, after, page.limit_and_one()).await?;
    let key = |row: &EntryRow| (row.created_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, HistoryEntry::from)))
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
    let (tenant, task) = (&access.tenant, &access.thing.task);
    let of = (task.id, task.project_id);
    let found = read_one(&tenant.read().await?, tenant, of, entry_id).await?;
    let found = found.map(HistoryEntry::from).map(Json);
    found.ok_or_else(Problem::not_found)
}

/// An entry, and whether it may name the projects it is of.
#[derive(FromQueryResult)]
struct EntryRow {
    id: ActivityId,
    kind: String,
    actor_id: UserId,
    changes: Option<Value>,
    created_at: DateTime<Utc>,
    nameable: bool,
}

impl From<EntryRow> for HistoryEntry {
    fn from(row: EntryRow) -> Self {
        let mut changes = row.changes;
        if let Some(changes) = changes.as_mut().filter(|_| !row.nameable) {
            activity::hide_names(changes);
        }
        Self {
            id: row.id,
            kind: row.kind,
            actor_id: row.actor_id,
            changes,
            created_at: row.created_at,
        }
    }
}

/// The columns of [`EntryRow`] but for the changes. `$1` is the task, `$2` its project, `$3` the caller.
fn columns(tenant: &Tenant) -> String {
    let seen = visible(&tenant.member, "p", "$3");
    let sees = |project: &str| {
        format!(
            "({project} = $2 or exists (select from projects p
                 where p.id = {project} and p.deleted_at is null and {seen}))"
        )
    };
    let from = "(a.changes #>> '{project_id,from}')::uuid";
    format!(
        "a.id, a.kind, a.actor_id, a.created_at, {} and ({from} is null or {}) as nameable",
        sees("a.project_id"),
        sees(from)
    )
}

async fn read_one(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    (task, project): (TaskId, ProjectId),
    entry: ActivityId,
) -> Result<Option<EntryRow>, DbErr> {
    let sql = format!(
        "select {}, a.changes from activities a where a.task_id = $1 and a.id = $4",
        columns(tenant)
    );
    let values = [
        Bound::from(task),
        project.into(),
        tenant.user().into(),
        entry.into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    EntryRow::find_by_statement(statement).one(db).await
}

async fn read_page(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    (task, project): (TaskId, ProjectId),
    after: Option<(DateTime<Utc>, ActivityId)>,
    limit: u64,
) -> Result<Vec<EntryRow>, DbErr> {
    let (created_at, id) = after.unzip();
    let sql = format!(
        "select {}, case when octet_length(a.changes::text) <= {LONGEST_IN_LIST_BYTES} then a.changes end as changes
         from activities a where a.task_id = $1
             and ($4::timestamptz is null or (a.created_at, a.id) < ($4, $5))
         order by a.created_at desc, a.id desc limit {limit}",
        columns(tenant)
    );
    let values = [
        Bound::from(task),
        project.into(),
        tenant.user().into(),
        created_at.into(),
        id.into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    EntryRow::find_by_statement(statement).all(db).await
}
