//! What a filter means: fields that exist, with values that fit them. No database is asked.

use chrono::{DateTime, NaiveDate, Utc};
use events::topic::task::{TaskPriority, TaskStatus};
use kernel::{TaskKey, UserId};

use super::syntax::{Comparison, Word};

/// A filter that can be asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Holds(Test),
}

/// One thing that holds for a task or does not.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    People(Part, Vec<Who>),
    Status(Vec<TaskStatus>),
    Priority(Vec<TaskPriority>),
    Day(Day, Vec<Span<NaiveDate>>),
    Time(Time, Vec<Span<DateTime<Utc>>>),
    /// The date or time is not set.
    Unset(&'static str),
    /// One of the labels, by name; none: no label at all.
    Label(Option<Vec<String>>),
    /// In one of the columns of this name.
    Column(Vec<String>),
    /// One of these tasks, by project key and number.
    Key(Vec<TaskKey>),
    Project(Vec<String>),
    /// Below one of these tasks; none: below no other task.
    Parent(Option<Vec<TaskKey>>),
    State(State),
    /// A field of the project's own.
    Custom(Custom),
    Text(Word),
}

/// What somebody has to do with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Assignee,
    Watcher,
    Creator,
}

/// A person, or nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Is(UserId),
    Named(String),
    Nobody,
}

/// A column that holds a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    Due,
    Start,
}

/// A column that holds a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Created,
    Updated,
    Completed,
}

/// From here on, and up to but not including there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span<T> {
    pub(super) from: Option<T>,
    pub(super) before: Option<T>,
}

/// What `is:` asks for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::Display, strum::VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub(super) enum State {
    Open,
    Closed,
    Overdue,
    Assigned,
    Unassigned,
    Archived,
    Watched,
    Blocked,
}

/// A field of the project's own with what it is compared to; what kind of field it is, the database knows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Custom {
    pub(super) key: Word,
    pub(super) comparison: Comparison,
    pub(super) values: Vec<Word>,
}

impl Expr {
    /// Whether some part of it passes.
    pub(super) fn any(&self, passes: &impl Fn(&Test) -> bool) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.any(passes)),
            Self::Not(part) => part.any(passes),
            Self::Holds(test) => passes(test),
        }
    }
}
