//! What requests and answers about one task look like; lists are in [`super::list`].

use chrono::{DateTime, NaiveDate, Utc};
use events::topic::task::{TaskPriority, TaskStatus};
use garde::Validate;
use httpkit::text::line;
use kernel::{BoardId, ColumnId, LabelId, ProjectId, TaskId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::rust::{double_option, unwrap_or_skip};
use utoipa::ToSchema;

use super::list::TaskSummary;
use super::model::Progress;
use super::row::TaskRow;
use crate::entity::task;
use crate::patch::set;
use crate::rules::{
    ASSIGNEES, DESCRIPTION_CHARS, ESTIMATE_SECONDS, LABELS, NAME_CHARS, date, few_values,
    patched_date,
};

/// A task to be created; its status is that of the column it is put into.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateTask {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), custom(line))]
    #[schema(max_length = 200, example = "Write the launch plan")]
    pub(crate) title: String,
    /// Markdown.
    #[garde(length(chars, max = DESCRIPTION_CHARS))]
    #[serde(default)]
    #[schema(max_length = 50_000)]
    pub(crate) description: String,
    /// The project; may be left out where the path names it or something in it.
    #[garde(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) project_id: Option<ProjectId>,
    /// A column of this project; its first one of category `todo` when left out.
    #[garde(skip)]
    pub(crate) column_id: Option<ColumnId>,
    /// The task that this one is a part of, in the same project.
    #[garde(skip)]
    pub(crate) parent_id: Option<TaskId>,
    /// `medium` when left out.
    #[garde(skip)]
    pub(crate) priority: Option<TaskPriority>,
    /// When it should begin.
    #[garde(custom(date))]
    pub(crate) start_date: Option<NaiveDate>,
    /// When it should be done; not before it begins.
    #[garde(custom(date))]
    pub(crate) due_date: Option<NaiveDate>,
    /// How long it should take.
    #[garde(range(min = 0, max = ESTIMATE_SECONDS))]
    #[schema(minimum = 0, maximum = 360_000_000)]
    pub(crate) estimate_seconds: Option<i32>,
    /// Members of the organization who are to do it.
    #[garde(length(max = ASSIGNEES))]
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(crate) assignee_ids: Vec<UserId>,
    /// Labels of the project.
    #[garde(length(max = LABELS))]
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(crate) label_ids: Vec<LabelId>,
    /// Values of the project's custom fields, by their keys.
    #[garde(custom(few_values))]
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(crate) fields: Map<String, Value>,
}

/// Fields to change; those left out stay, null takes away what may be absent.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PatchTask {
    /// One line.
    #[garde(length(chars, min = 1, max = NAME_CHARS), inner(custom(line)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 200, nullable = false)]
    title: Option<String>,
    /// Markdown.
    #[garde(length(chars, max = DESCRIPTION_CHARS))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_length = 50_000, nullable = false)]
    description: Option<String>,
    /// How much it presses.
    #[garde(skip)]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(nullable = false)]
    priority: Option<TaskPriority>,
    /// When it should begin.
    #[garde(custom(patched_date))]
    #[serde(default, with = "double_option")]
    start_date: Option<Option<NaiveDate>>,
    /// When it should be done; not before it begins.
    #[garde(custom(patched_date))]
    #[serde(default, with = "double_option")]
    due_date: Option<Option<NaiveDate>>,
    /// How long it should take.
    #[garde(range(min = 0, max = ESTIMATE_SECONDS))]
    #[serde(default, with = "double_option")]
    #[schema(minimum = 0, maximum = 360_000_000)]
    estimate_seconds: Option<Option<i32>>,
    /// The task that this one is a part of, in the same project.
    #[garde(skip)]
    #[serde(default, with = "double_option")]
    pub(crate) parent_id: Option<Option<TaskId>>,
    /// All labels from now on, of the project.
    #[garde(length(max = LABELS))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(max_items = 50, nullable = false)]
    pub(crate) label_ids: Option<Vec<LabelId>>,
    /// Values of the project's custom fields, by their keys: those left out stay, null takes one away.
    #[garde(inner(custom(few_values)))]
    #[serde(default, with = "unwrap_or_skip")]
    #[schema(value_type = Object, nullable = false)]
    pub(crate) fields: Option<Map<String, Value>>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

impl PatchTask {
    /// The columns to set, but not those that take a look at other tables.
    pub(crate) fn changes(self) -> task::ActiveModel {
        task::ActiveModel {
            title: set(self.title),
            description: set(self.description),
            priority: set(self.priority),
            start_date: set(self.start_date),
            due_date: set(self.due_date),
            estimate_seconds: set(self.estimate_seconds),
            parent_id: set(self.parent_id),
            ..Default::default()
        }
    }
}

/// The status to give.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct SetStatus {
    /// The task goes to the first column of this category.
    #[garde(skip)]
    pub(crate) status: TaskStatus,
}

/// Everybody who is to do the task from now on.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct Assign {
    /// Members of the organization; empty for nobody.
    #[garde(length(max = ASSIGNEES))]
    #[schema(max_items = 50)]
    pub(crate) assignee_ids: Vec<UserId>,
}

/// Where a task is to go with all below it.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct TransferTask {
    /// Another project, where the caller may create tasks.
    #[garde(skip)]
    pub(crate) project_id: ProjectId,
    /// A column of that project; its first one of the task's status when left out.
    #[garde(skip)]
    pub(crate) column_id: Option<ColumnId>,
}

/// Where a copy is to be made.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct CopyTask {
    /// The task's own project when left out.
    #[garde(skip)]
    pub(crate) project_id: Option<ProjectId>,
    /// A column of that project; its first one of the task's status when left out.
    #[garde(skip)]
    pub(crate) column_id: Option<ColumnId>,
    /// Another title.
    #[garde(length(chars, min = 1, max = NAME_CHARS), inner(custom(line)))]
    #[schema(max_length = 200)]
    pub(crate) title: Option<String>,
    /// Whether all that is below comes along; it does when left out.
    #[garde(skip)]
    pub(crate) subtasks: Option<bool>,
}

/// Where the card is to go; behind the last card when no place is given.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct MoveCard {
    /// A column of the card's own project.
    #[garde(skip)]
    pub(crate) column_id: ColumnId,
    /// Right before this card of the column.
    #[garde(skip)]
    pub(crate) before_id: Option<TaskId>,
    /// Right after this card of the column.
    #[garde(skip)]
    pub(crate) after_id: Option<TaskId>,
    /// With so many cards before it.
    #[garde(range(max = 10_000))]
    #[schema(maximum = 10_000)]
    pub(crate) position: Option<u32>,
}

/// A card in its new place.
#[derive(Serialize, ToSchema)]
pub(crate) struct MovedCard {
    #[serde(flatten)]
    pub(crate) card: TaskSummary,
    /// The column has more cards now than its limit says, and only warns of that.
    pub(crate) wip_exceeded: bool,
}

/// A task.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TaskView {
    pub(crate) id: TaskId,
    /// How people name it.
    #[schema(example = "APO-12")]
    pub(crate) key: String,
    pub(crate) project_id: ProjectId,
    pub(crate) board_id: BoardId,
    pub(crate) column_id: ColumnId,
    pub(crate) title: String,
    /// Markdown.
    pub(crate) description: String,
    /// The category of its column.
    pub(crate) status: TaskStatus,
    pub(crate) priority: TaskPriority,
    /// When it should begin.
    pub(crate) start_date: Option<NaiveDate>,
    pub(crate) due_date: Option<NaiveDate>,
    /// How long it should take.
    pub(crate) estimate_seconds: Option<i32>,
    /// The task that this one is a part of.
    pub(crate) parent_id: Option<TaskId>,
    /// Of the tasks right below.
    pub(crate) subtasks: Progress,
    /// How much of all that is below, at any depth, is done; null when nothing is.
    pub(crate) progress_percent: Option<i64>,
    /// Of all checklists together.
    pub(crate) checklist: Progress,
    pub(crate) assignee_ids: Vec<UserId>,
    pub(crate) label_ids: Vec<LabelId>,
    /// Values of the project's custom fields, by their keys.
    #[schema(value_type = Object)]
    pub(crate) fields: Value,
    pub(crate) created_by: UserId,
    /// When it was done; null while it is not.
    pub(crate) completed_at: Option<DateTime<Utc>>,
    /// When it was put away; null while it is on its board.
    pub(crate) archived_at: Option<DateTime<Utc>>,
    /// Counts changes; also the `ETag`.
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<TaskRow> for TaskView {
    fn from(row: TaskRow) -> Self {
        let (key, below) = (row.key(), row.below());
        let (assignee_ids, label_ids, checklist) = (row.assignees(), row.labels(), row.ticks());
        let (task, fields) = (row.task, row.fields_by_key);
        Self {
            id: task.id,
            key,
            project_id: task.project_id,
            board_id: task.board_id,
            column_id: task.column_id,
            title: task.title,
            description: task.description,
            status: task.status,
            priority: task.priority,
            start_date: task.start_date,
            due_date: task.due_date,
            estimate_seconds: task.estimate_seconds,
            parent_id: task.parent_id,
            subtasks: below.subtasks,
            progress_percent: below.tree.percent(),
            checklist,
            assignee_ids,
            label_ids,
            fields,
            created_by: task.created_by,
            completed_at: task.completed_at,
            archived_at: task.archived_at,
            version: task.version,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}
