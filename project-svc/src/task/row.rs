//! A task with what its answers need from other tables, read in one statement.

use kernel::{LabelId, TaskId, UserId};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::model::{Below, Progress, task_key};
use crate::access::{Standing, Thing, find, find_many};
use crate::entity::task;

/// The columns of [`TaskRow`], of a statement that calls the task `t` and its project `p`.
pub(super) const COLUMNS: &str = "t.*, p.key as project_key,
    array(select a.user_id from task_assignees a where a.task_id = t.id
        order by a.assigned_at, a.user_id) as assignee_ids,
    array(select l.label_id from task_labels l where l.task_id = t.id order by l.label_id) as label_ids,
    case when t.fields = '{}' then t.fields else (
        select coalesce(jsonb_object_agg(f.key, t.fields -> f.id::text), '{}') from custom_fields f
        where f.project_id = t.project_id and jsonb_exists(t.fields, f.id::text)) end as fields_by_key,
    case when t.fields = '{}' then t.fields else (
        select coalesce(jsonb_object_agg(f.key, t.fields -> f.id::text), '{}') from custom_fields f
        where f.project_id = t.project_id and f.on_card and jsonb_exists(t.fields, f.id::text)) end as card_fields,
    (with recursive below as (
        select s.id, s.status, 1 as level from tasks s where s.parent_id = t.id and s.deleted_at is null
        union all
        select s.id, s.status, b.level + 1 from below b join tasks s on s.parent_id = b.id
        where s.deleted_at is null and b.level < 16)
     select array[count(*) filter (where level = 1 and status <> 'cancelled'),
         count(*) filter (where level = 1 and status = 'done'),
         count(*) filter (where status <> 'cancelled'), count(*) filter (where status = 'done')]
     from below) as below,
    (select array[count(*), count(*) filter (where i.done)]
     from checklists c join checklist_items i on i.checklist_id = c.id where c.task_id = t.id) as ticks";

/// A task with what its answers need from other tables.
#[derive(Clone, FromQueryResult)]
pub(crate) struct TaskRow {
    #[sea_orm(nested)]
    pub(crate) task: task::Model,
    pub(crate) project_key: String,
    assignee_ids: Vec<Uuid>,
    label_ids: Vec<Uuid>,
    /// Values of custom fields by the key of the field; those of fields that are gone are passed over.
    pub(crate) fields_by_key: Value,
    /// Those of them that cards show.
    pub(super) card_fields: Value,
    below: Vec<i64>,
    ticks: Vec<i64>,
}

impl TaskRow {
    /// A task that was just written and has nothing below it.
    pub(super) fn fresh(
        task: task::Model,
        project_key: String,
        assignees: &[UserId],
        labels: &[LabelId],
        fields_by_key: Map<String, Value>,
    ) -> Self {
        Self {
            task,
            project_key,
            assignee_ids: assignees.iter().map(|id| id.uuid()).collect(),
            label_ids: labels.iter().map(|id| id.uuid()).collect(),
            fields_by_key: Value::Object(fields_by_key),
            card_fields: Value::Object(Map::new()),
            below: Vec::new(),
            ticks: Vec::new(),
        }
    }

    /// Who is to do it, in the order they were assigned.
    pub(crate) fn assignees(&self) -> Vec<UserId> {
        let ids = self.assignee_ids.iter().copied();
        ids.map(UserId::from).collect()
    }

    /// What it carries.
    pub(crate) fn labels(&self) -> Vec<LabelId> {
        let ids = self.label_ids.iter().copied();
        ids.map(LabelId::from).collect()
    }

    /// How people name it.
    pub(crate) fn key(&self) -> String {
        task_key(&self.project_key, self.task.number)
    }

    /// What is below it, in the tree of subtasks.
    pub(super) fn below(&self) -> Below {
        let (near, all) = self.below.split_at(self.below.len() / 2);
        Below {
            subtasks: Progress::of(near),
            tree: Progress::of(all),
        }
    }

    /// Of all its checklists together.
    pub(super) fn ticks(&self) -> Progress {
        Progress::of(&self.ticks)
    }

    /// The same task after a change of its own row.
    pub(super) fn with(self, task: task::Model) -> Self {
        Self { task, ..self }
    }

    /// The same task with other people.
    pub(super) fn with_assignees(self, people: &[UserId]) -> Self {
        let assignee_ids = people.iter().map(|id| id.uuid()).collect();
        Self {
            assignee_ids,
            ..self
        }
    }

    /// The same task with other labels.
    pub(super) fn with_labels(self, labels: &[LabelId]) -> Self {
        let label_ids = labels.iter().map(|id| id.uuid()).collect();
        Self { label_ids, ..self }
    }

    /// The same task with other values of its custom fields.
    pub(super) fn with_fields(self, fields_by_key: Map<String, Value>) -> Self {
        Self {
            fields_by_key: Value::Object(fields_by_key),
            ..self
        }
    }

    /// The task as it is now, and nobody else changes its row until the commit. None when it is deleted.
    pub(super) async fn lock(db: &impl ConnectionTrait, id: TaskId) -> Result<Option<Self>, DbErr> {
        let sql = format!(
            "select {COLUMNS} from tasks t join projects p on p.id = t.project_id
             where t.id = $1 and t.deleted_at is null and p.deleted_at is null for no key update of t"
        );
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.into()]);
        Self::find_by_statement(statement).one(db).await
    }

    /// Those of the tasks that are there, in no order, with how the caller stands to each.
    pub(super) async fn load_many(
        db: &impl ConnectionTrait,
        ids: &[TaskId],
        caller: UserId,
    ) -> Result<Vec<(Self, Standing)>, DbErr> {
        let ids = ids.iter().map(|id| id.uuid()).collect();
        let from = "tasks t join projects p on p.id = t.project_id
            where t.id = any($1) and t.deleted_at is null and p.deleted_at is null";
        find_many(db, COLUMNS, from, ids, caller).await
    }
}

impl Thing for TaskRow {
    type Id = TaskId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: TaskId,
        caller: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let from = "tasks t join projects p on p.id = t.project_id
            where t.id = $1 and t.deleted_at is null and p.deleted_at is null";
        find(db, COLUMNS, from, id, caller).await
    }
}
