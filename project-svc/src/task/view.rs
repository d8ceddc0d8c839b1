//! What requests and answers about one task look like; lists are in [`super::list`].

use chrono::{DateTime, NaiveDate, Utc};
use events::topic::task::{TaskPriority, TaskStatus};
use garde::Validate;
use httpkit::text::line;
use kernel::{BoardId, ColumnId, ProjectId, TaskId, UserId};
use serde::{Deserialize, Serialize};
use serde_with::rust::{double_option, unwrap_or_skip};
use utoipa::ToSchema;

use super::list::TaskSummary;
use super::model::task_key;
use super::store::TaskRow;
use crate::entity::task;
use crate::patch::set;
use crate::rules::{ASSIGNEES, DESCRIPTION_CHARS, NAME_CHARS, date, patched_date};

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
    /// A column of this project; its first one of category `todo` when left out.
    #[garde(skip)]
    pub(crate) column_id: Option<ColumnId>,
    /// `medium` when left out.
    #[garde(skip)]
    pub(crate) priority: Option<TaskPriority>,
    /// When it should be done.
    #[garde(custom(date))]
    pub(crate) due_date: Option<NaiveDate>,
    /// Members of the organization who are to do it.
    #[garde(length(max = ASSIGNEES))]
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(crate) assignee_ids: Vec<UserId>,
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
    /// When it should be done.
    #[garde(custom(patched_date))]
    #[serde(default, with = "double_option")]
    due_date: Option<Option<NaiveDate>>,
    /// The version the change is meant for; 409 when it is not the present one.
    #[garde(skip)]
    pub(crate) version: Option<i32>,
}

impl PatchTask {
    /// The columns to set.
    pub(crate) fn changes(self) -> task::ActiveModel {
        task::ActiveModel {
            title: set(self.title),
            description: set(self.description),
            priority: set(self.priority),
            due_date: set(self.due_date),
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
    /// The column has more cards now than its limit says; nothing is refused for that.
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
    pub(crate) due_date: Option<NaiveDate>,
    pub(crate) assignee_ids: Vec<UserId>,
    pub(crate) created_by: UserId,
    /// When it was done; null while it is not.
    pub(crate) completed_at: Option<DateTime<Utc>>,
    /// Counts changes; also the `ETag`.
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<TaskRow> for TaskView {
    fn from(row: TaskRow) -> Self {
        let assignee_ids = row.assignees();
        let task = row.task;
        Self {
            id: task.id,
            key: task_key(&row.project_key, task.number),
            project_id: task.project_id,
            board_id: task.board_id,
            column_id: task.column_id,
            title: task.title,
            description: task.description,
            status: task.status,
            priority: task.priority,
            due_date: task.due_date,
            assignee_ids,
            created_by: task.created_by,
            completed_at: task.completed_at,
            version: task.version,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}
