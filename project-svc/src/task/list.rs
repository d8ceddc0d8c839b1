//! Lists of tasks: summaries in pages, never with descriptions.

use chrono::{DateTime, NaiveDate, Utc};
use events::topic::task::{TaskPriority, TaskStatus};
use httpkit::{Json, ListQuery, PageRequest, Problem};
use kernel::{BoardId, ColumnId, LabelId, Page, ProjectId, TaskId, TimeZone, UserId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType,
    QueryFilter, QueryOrder, QuerySelect, RelationTrait, Select,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::filtered::listed;
use super::model::{Progress, task_key};
use super::row::TaskRow;
use crate::access::{Allowed, ListTasks, ProjectAccess, Read};
use crate::api::ReadProblems;
use crate::entity::{project, task};
use crate::order::OrderKey;

/// What a summary looks up in other tables, of a task called `tasks`, and the columns of [`SummaryRow`] it is for:
/// one statement whatever the number of tasks.
pub(crate) const LOOKED_UP: [(&str, &str); 5] = [
    (
        "array(select a.user_id from task_assignees a where a.task_id = tasks.id order by a.assigned_at, a.user_id)",
        "assignee_ids",
    ),
    (
        "array(select l.label_id from task_labels l where l.task_id = tasks.id order by l.label_id)",
        "label_ids",
    ),
    (
        "case when tasks.fields = '{}' then tasks.fields else (
            select coalesce(jsonb_object_agg(f.key, tasks.fields -> f.id::text), '{}') from custom_fields f
            where f.project_id = tasks.project_id and f.on_card and jsonb_exists(tasks.fields, f.id::text)) end",
        "card_fields",
    ),
    (
        "(select array[count(*) filter (where s.status <> 'cancelled'), count(*) filter (where s.status = 'done')]
          from tasks s where s.parent_id = tasks.id and s.deleted_at is null)",
        "subtasks",
    ),
    (
        "(select array[count(*), count(*) filter (where i.done)] from checklists c
          join checklist_items i on i.checklist_id = c.id where c.task_id = tasks.id)",
        "checklist",
    ),
];

/// A task in a list, or as a card of a board.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TaskSummary {
    pub(crate) id: TaskId,
    /// How people name it.
    #[schema(example = "APO-12")]
    pub(crate) key: String,
    pub(crate) project_id: ProjectId,
    pub(crate) board_id: BoardId,
    pub(crate) column_id: ColumnId,
    pub(crate) title: String,
    pub(crate) status: TaskStatus,
    pub(crate) priority: TaskPriority,
    pub(crate) start_date: Option<NaiveDate>,
    pub(crate) due_date: Option<NaiveDate>,
    pub(crate) estimate_seconds: Option<i32>,
    /// The task that this one is a part of.
    pub(crate) parent_id: Option<TaskId>,
    /// Of the tasks right below.
    pub(crate) subtasks: Progress,
    /// Of all checklists together.
    pub(crate) checklist: Progress,
    pub(crate) assignee_ids: Vec<UserId>,
    pub(crate) label_ids: Vec<LabelId>,
    /// Values of those custom fields that cards show, by their keys.
    #[schema(value_type = Object)]
    pub(crate) fields: Value,
    pub(crate) completed_at: Option<DateTime<Utc>>,
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// What a summary is made of.
#[derive(FromQueryResult)]
pub(crate) struct SummaryRow {
    pub(super) id: TaskId,
    project_id: ProjectId,
    project_key: String,
    number: i32,
    board_id: BoardId,
    pub(crate) column_id: ColumnId,
    title: String,
    status: TaskStatus,
    priority: TaskPriority,
    order_key: OrderKey,
    start_date: Option<NaiveDate>,
    due_date: Option<NaiveDate>,
    estimate_seconds: Option<i32>,
    parent_id: Option<TaskId>,
    subtasks: Vec<i64>,
    checklist: Vec<i64>,
    assignee_ids: Vec<Uuid>,
    label_ids: Vec<Uuid>,
    card_fields: Value,
    completed_at: Option<DateTime<Utc>>,
    version: i32,
    pub(super) created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<SummaryRow> for TaskSummary {
    fn from(row: SummaryRow) -> Self {
        Self {
            id: row.id,
            key: task_key(&row.project_key, row.number),
            project_id: row.project_id,
            board_id: row.board_id,
            column_id: row.column_id,
            title: row.title,
            status: row.status,
            priority: row.priority,
            start_date: row.start_date,
            due_date: row.due_date,
            estimate_seconds: row.estimate_seconds,
            parent_id: row.parent_id,
            subtasks: Progress::of(&row.subtasks),
            checklist: Progress::of(&row.checklist),
            assignee_ids: row.assignee_ids.into_iter().map(UserId::from).collect(),
            label_ids: row.label_ids.into_iter().map(LabelId::from).collect(),
            fields: row.card_fields,
            completed_at: row.completed_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<TaskRow> for TaskSummary {
    fn from(row: TaskRow) -> Self {
        let (key, assignee_ids, label_ids) = (row.key(), row.assignees(), row.labels());
        let (subtasks, checklist) = (row.below().subtasks, row.ticks());
        let (task, fields) = (row.task, row.card_fields);
        Self {
            id: task.id,
            key,
            project_id: task.project_id,
            board_id: task.board_id,
            column_id: task.column_id,
            title: task.title,
            status: task.status,
            priority: task.priority,
            start_date: task.start_date,
            due_date: task.due_date,
            estimate_seconds: task.estimate_seconds,
            parent_id: task.parent_id,
            subtasks,
            checklist,
            assignee_ids,
            label_ids,
            fields,
            completed_at: task.completed_at,
            version: task.version,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}

/// Filters of [`list_tasks`].
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TaskFilter {
    /// `me`, or the id of a person who is to do the task.
    #[param(value_type = Option<String>, max_length = 36, example = "me")]
    pub(super) assignee: Option<Assignee>,
    /// Where the task stands.
    pub(super) status: Option<TaskStatus>,
    /// The project it belongs to.
    pub(super) project_id: Option<ProjectId>,
    /// A filter: `assignee:me due:<7d -label:"bug" engine`. See `docs/WORK.md`.
    #[param(max_length = 2_000, example = "assignee:me priority:>=high due:<7d")]
    pub(super) filter: Option<String>,
    /// The order: up to three of `created`, `updated`, `completed`, `due`, `start`, `priority`, `status`, `title` and
    /// `key`, with a minus for the other way.
    #[param(max_length = 100, example = "-priority,due")]
    pub(super) sort: Option<String>,
    /// IANA name of the time zone whose days the filter means; the person's own when left out, else UTC.
    #[param(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    pub(super) timezone: Option<TimeZone>,
}

/// Filters of [`list_project_tasks`].
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ProjectTaskFilter {
    /// `me`, or the id of a person who is to do the task.
    #[param(value_type = Option<String>, max_length = 36, example = "me")]
    pub(super) assignee: Option<Assignee>,
    /// Where the task stands.
    pub(super) status: Option<TaskStatus>,
    /// A filter: `assignee:me due:<7d -label:"bug" engine`. See `docs/WORK.md`.
    #[param(max_length = 2_000, example = "assignee:me priority:>=high due:<7d")]
    pub(super) filter: Option<String>,
    /// The order: up to three of `created`, `updated`, `completed`, `due`, `start`, `priority`, `status`, `title` and
    /// `key`, with a minus for the other way.
    #[param(max_length = 100, example = "-priority,due")]
    pub(super) sort: Option<String>,
    /// IANA name of the time zone whose days the filter means; the person's own when left out, else UTC.
    #[param(value_type = Option<String>, max_length = 64, example = "Europe/Berlin")]
    pub(super) timezone: Option<TimeZone>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Assignee {
    Me,
    Person(UserId),
}

impl TryFrom<String> for Assignee {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "me" => Ok(Self::Me),
            id => id
                .parse()
                .map(Self::Person)
                .or(Err("must be `me` or the id of a person")),
        }
    }
}

/// List tasks of all projects
///
/// Of those the caller sees, without the archived ones unless the filter names them; the newest first unless `sort`
/// says otherwise.
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(PageRequest, TaskFilter),
    responses((status = 200, description = "a page of tasks", body = Page<TaskSummary>), ReadProblems))]
pub(super) async fn list_tasks(
    Allowed { tenant, .. }: Allowed<ListTasks>,
    ListQuery { page, filter }: ListQuery<TaskFilter>,
) -> Result<Json<Page<TaskSummary>>, Problem> {
    listed(&tenant, &page, &filter).await
}

/// List the tasks of a project
///
/// Without the archived ones unless the filter names them; the newest first unless `sort` says otherwise.
#[utoipa::path(get, path = "/projects/{id}/tasks", tag = "tasks",
    params(("id" = ProjectId, Path), PageRequest, ProjectTaskFilter),
    responses((status = 200, description = "a page of tasks", body = Page<TaskSummary>), ReadProblems))]
pub(super) async fn list_project_tasks(
    access: ProjectAccess<Read>,
    ListQuery { page, filter }: ListQuery<ProjectTaskFilter>,
) -> Result<Json<Page<TaskSummary>>, Problem> {
    let filter = TaskFilter {
        assignee: filter.assignee,
        status: filter.status,
        project_id: Some(access.thing.id),
        filter: filter.filter,
        sort: filter.sort,
        timezone: filter.timezone,
    };
    listed(&access.tenant, &page, &filter).await
}

/// The cards of a column for which the condition holds, from top to bottom.
pub(crate) async fn cards(
    db: &impl ConnectionTrait,
    column: ColumnId,
    condition: Condition,
    after: Option<(OrderKey, TaskId)>,
    limit: u64,
) -> Result<Vec<SummaryRow>, DbErr> {
    use task::Column::{ColumnId, Id, OrderKey as Place};

    let mut cards = summaries()
        .filter(ColumnId.eq(column))
        .filter(condition)
        .order_by_asc(Place)
        .order_by_asc(Id)
        .limit(limit);
    if let Some((order_key, id)) = after {
        let place = Expr::tuple([Place.into_expr(), Id.into_expr()]);
        cards = cards.filter(place.gt(Expr::tuple([Expr::val(order_key), Expr::val(id)])));
    }
    cards.into_model().all(db).await
}

/// A page of cards that were read with one more than `limit`.
pub(crate) fn cards_page(rows: Vec<SummaryRow>, limit: u32) -> Page<TaskSummary> {
    let key = |row: &SummaryRow| (row.order_key.clone(), row.id);
    Page::of(rows, limit, key, TaskSummary::from)
}

/// All tasks that are neither deleted nor put away, with the columns of [`SummaryRow`].
pub(super) fn summaries() -> Select<task::Entity> {
    with_archived().filter(task::Column::ArchivedAt.is_null())
}

/// The same with those that are put away.
pub(super) fn with_archived() -> Select<task::Entity> {
    use task::Column as C;

    let tasks = task::Entity::find()
        .select_only()
        .columns([
            C::Id,
            C::ProjectId,
            C::Number,
            C::BoardId,
            C::ColumnId,
            C::Title,
            C::Status,
            C::Priority,
            C::OrderKey,
            C::StartDate,
            C::DueDate,
            C::EstimateSeconds,
            C::ParentId,
            C::CompletedAt,
            C::Version,
            C::CreatedAt,
            C::UpdatedAt,
        ])
        .column_as(project::Column::Key, "project_key")
        .join(JoinType::InnerJoin, task::Relation::Project.def())
        .filter(C::DeletedAt.is_null())
        .filter(project::Column::DeletedAt.is_null());
    LOOKED_UP.into_iter().fold(tasks, |tasks, (sql, column)| {
        tasks.expr_as(Expr::cust(sql), column)
    })
}
