//! Reads of single tasks where sums do not say enough: how long each took, and how long it has been where it is.

use kernel::{TaskId, UserId};
use mongodb::bson::{Document, deserialize_from_document, doc};
use mongodb::options::{FindOptions, Hint};
use serde::Deserialize;

use super::store::{Numbers, of_scope};
use crate::counter::Scope;
use crate::period::Asked;
use crate::store::{Collection, StoreError};

/// Tasks that one answer looks at: those that were done last, or that have waited longest. An answer has an end.
pub(crate) const MAX_TASKS: i64 = 100_000;

/// A task that was done.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct DoneTask {
    pub(crate) done_ms: i64,
    /// From its creation until it was done.
    pub(crate) lead_ms: i64,
    /// From when somebody first worked on it until it was done.
    pub(crate) cycle_ms: Option<i64>,
}

/// A task that somebody still has to do something about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct OpenTask {
    pub(crate) status: events::topic::task::TaskStatus,
    /// When it came to its status.
    pub(crate) status_ms: i64,
}

/// A task with its people.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct SharedTask {
    pub(crate) assignees: Vec<UserId>,
    pub(crate) done_ms: Option<i64>,
    pub(crate) lead_ms: Option<i64>,
    pub(crate) cycle_ms: Option<i64>,
    #[serde(default)]
    pub(crate) estimate_seconds: Option<i64>,
}

#[derive(Deserialize)]
struct Stored<T> {
    facts: T,
}

impl Numbers<'_> {
    /// What was done in a period; read from an index alone, but for one person's.
    pub(crate) async fn done_tasks(
        &self,
        scope: Scope,
        asked: Asked,
    ) -> Result<Vec<DoneTask>, StoreError> {
        let mut filter = of_scope(scope);
        filter.insert("facts.done_ms", span(asked));
        let durations = ["facts.done_ms", "facts.lead_ms", "facts.cycle_ms"];
        let keys = projection(&durations);
        let index = match scope {
            Scope::Organization | Scope::Link(_) => Some(index_on(&durations)),
            Scope::Project(_) => Some(index_on(&[&["facts.project"], &durations[..]].concat())),
            Scope::Person(_) => None,
        };
        let options = FindOptions::builder().projection(keys).limit(MAX_TASKS);
        let mut options = options.sort(doc! { "facts.done_ms": -1 }).build();
        options.hint = index.map(Hint::Keys);
        stored(self.read_as(Collection::Tasks, filter, options).await?)
    }

    /// What is open, what has been where it is for longest first.
    pub(crate) async fn open_tasks(&self, scope: Scope) -> Result<Vec<OpenTask>, StoreError> {
        let mut filter = of_scope(scope);
        filter.insert("facts.open", true);
        let keys = projection(&["facts.status", "facts.status_ms"]);
        let options = FindOptions::builder().projection(keys).limit(MAX_TASKS);
        let options = options.sort(doc! { "facts.status_ms": 1 }).build();
        stored(self.read_as(Collection::Tasks, filter, options).await?)
    }

    /// The same of the first ones, with their ids.
    pub(crate) async fn oldest_tasks(
        &self,
        scope: Scope,
        limit: i64,
    ) -> Result<Vec<(TaskId, OpenTask)>, StoreError> {
        let mut filter = of_scope(scope);
        filter.insert("facts.open", true);
        let keys = doc! { "_id": 0, "task": 1, "facts.status": 1, "facts.status_ms": 1 };
        let options = FindOptions::builder().projection(keys).limit(limit);
        let options = options.sort(doc! { "facts.status_ms": 1 }).build();
        let found = self.read_as(Collection::Tasks, filter, options).await?;
        let tasks = found.into_iter().map(|document| {
            let task: Named = deserialize_from_document(document)?;
            Ok((task.task, task.facts))
        });
        tasks.collect()
    }

    /// Tasks of any of these people that are open, or that were done in the period.
    pub(crate) async fn tasks_of(
        &self,
        people: &[UserId],
        done: Option<Asked>,
    ) -> Result<Vec<SharedTask>, StoreError> {
        let people: Vec<String> = people.iter().map(ToString::to_string).collect();
        let mut filter = doc! { "facts.assignees": { "$in": people } };
        match done {
            Some(asked) => filter.insert("facts.done_ms", span(asked)),
            None => filter.insert("facts.open", true),
        };
        let keys = [
            "facts.assignees",
            "facts.done_ms",
            "facts.lead_ms",
            "facts.cycle_ms",
            "facts.estimate_seconds",
        ];
        let options = FindOptions::builder().projection(projection(&keys));
        let options = options.limit(MAX_TASKS).build();
        stored(self.read_as(Collection::Tasks, filter, options).await?)
    }
}

#[derive(Deserialize)]
struct Named {
    task: TaskId,
    facts: OpenTask,
}

fn stored<T: for<'de> Deserialize<'de>>(found: Vec<Document>) -> Result<Vec<T>, StoreError> {
    let tasks = found.into_iter().map(|document| {
        let stored: Stored<T> = deserialize_from_document(document)?;
        Ok(stored.facts)
    });
    tasks.collect()
}

/// The moments of a period.
pub(crate) fn span(asked: Asked) -> Document {
    let (begins, ends) = (asked.begins(), asked.ends());
    doc! { "$gte": begins.timestamp_millis(), "$lt": ends.timestamp_millis() }
}

fn projection(keys: &[&str]) -> Document {
    let mut projection = doc! { "_id": 0 };
    projection.extend(keys.iter().map(|key| ((*key).to_owned(), 1.into())));
    projection
}

fn index_on(keys: &[&str]) -> Document {
    let mut index = doc! { "tenant": 1, "generation": 1 };
    index.extend(keys.iter().map(|key| ((*key).to_owned(), 1.into())));
    index
}
