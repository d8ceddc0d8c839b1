//! What a guest sees: a list of what is shown, not of what is left out.

use chrono::{DateTime, NaiveDate, Utc};
use events::topic::task::{TaskPriority, TaskStatus};
use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::project::model::ProjectStatus;

/// A task.
#[derive(Serialize)]
pub(super) struct SharedTask {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) status: TaskStatus,
    pub(super) priority: TaskPriority,
    pub(super) due_date: Option<NaiveDate>,
    pub(super) updated_at: DateTime<Utc>,
    /// Who is to do it.
    pub(super) people: Vec<String>,
    /// The oldest first, of many the newest ones.
    pub(super) comments: Vec<SharedComment>,
}

/// A comment.
#[derive(Serialize)]
pub(super) struct SharedComment {
    /// A name, or `Person 2`.
    pub(super) author: String,
    pub(super) body: String,
    pub(super) created_at: DateTime<Utc>,
}

/// A task among others.
#[derive(Serialize, FromQueryResult)]
pub(super) struct SharedCard {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) status: TaskStatus,
    pub(super) priority: TaskPriority,
    pub(super) due_date: Option<NaiveDate>,
    pub(super) people: Vec<String>,
}

/// A board.
#[derive(Serialize)]
pub(super) struct SharedBoard {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) columns: Vec<SharedColumn>,
}

/// A column of a board with its first cards.
#[derive(Serialize)]
pub(super) struct SharedColumn {
    pub(super) name: String,
    /// All its cards.
    pub(super) total: i64,
    pub(super) cards: Vec<SharedCard>,
}

/// A project.
#[derive(Serialize)]
pub(super) struct SharedProject {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) status: ProjectStatus,
    pub(super) start_date: Option<NaiveDate>,
    pub(super) end_date: Option<NaiveDate>,
    /// How many of its tasks stand where.
    pub(super) totals: Vec<SharedTotal>,
    /// Those that changed last.
    pub(super) tasks: Vec<SharedCard>,
}

/// How many tasks stand at one status.
#[derive(Serialize, FromQueryResult)]
pub(super) struct SharedTotal {
    status: TaskStatus,
    total: i64,
}

/// The tasks of a saved view.
#[derive(Serialize)]
pub(super) struct SharedView {
    pub(super) name: String,
    /// Whether there are more than are shown.
    pub(super) more: bool,
    pub(super) tasks: Vec<SharedCard>,
}
