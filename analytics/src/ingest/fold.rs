//! From facts to increments. Pure: states in, states and increments out.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use events::topic::task::TaskStatus;
use kernel::{ProjectId, TaskId, UserId};

use super::fact::{Dated, Fact};
use super::task::TaskState;

/// One number of one organization. Days are UTC days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Counter {
    /// Tasks created on the day.
    Created(NaiveDate),
    /// Tasks completed on the day that are still done.
    Done(NaiveDate),
    /// Those of them that are the person's.
    DoneBy(NaiveDate, UserId),
    /// Links made on the day.
    LinksCreated(NaiveDate),
    /// Opens of links by guests on the day.
    LinkOpens(NaiveDate),
    /// Tasks that stand there now.
    Status(TaskStatus),
    /// Open tasks that are the person's now.
    Assigned(UserId),
}

/// The states a fold begins or ends with.
pub(super) type Tasks = BTreeMap<TaskId, TaskState>;

/// What a batch of facts comes to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Folded {
    /// The states that are different now.
    pub(super) tasks: Tasks,
    /// By how much each number moves; none by nothing.
    pub(super) increments: BTreeMap<Counter, i64>,
}

/// Applies facts in order. `before` must hold the state of every task that they are about, as far as
/// there is one.
pub(super) fn fold<'a>(before: &Tasks, facts: impl IntoIterator<Item = Dated<'a>>) -> Folded {
    let mut folded = Folded::default();
    let mut after = before.clone();
    for (time, fact) in facts {
        let day = time.date_naive();
        match fact {
            Fact::Created(event) => task(&mut after, event.task_id).create(event, time),
            Fact::StatusChanged(event) => {
                task(&mut after, event.task_id).change_status(event, time);
            }
            Fact::Assigned(event) => task(&mut after, event.task_id).assign(event, time),
            Fact::TaskDeleted(event) => task(&mut after, event.task_id).delete(event, time),
            Fact::TaskRestored(event) => task(&mut after, event.task_id).restore(event, time),
            Fact::Transferred(event) => task(&mut after, event.task_id).transfer(event, time),
            Fact::ProjectDeleted(event) => {
                tasks_of(&mut after, event.project_id).for_each(|task| task.lose_project(time));
            }
            Fact::ProjectRestored(event) => {
                tasks_of(&mut after, event.project_id).for_each(|task| task.regain_project(time));
            }
            Fact::LinkCreated => folded.add(Counter::LinksCreated(day), 1),
            Fact::LinkOpened => folded.add(Counter::LinkOpens(day), 1),
            Fact::Other => {}
        }
    }
    for (id, state) in after {
        let old = before.get(&id);
        if old == Some(&state) {
            continue;
        }
        for counter in old.map(TaskState::contribution).unwrap_or_default() {
            folded.add(counter, -1);
        }
        for counter in state.contribution() {
            folded.add(counter, 1);
        }
        folded.tasks.insert(id, state);
    }
    folded.increments.retain(|_, by| *by != 0);
    folded
}

fn task(tasks: &mut Tasks, id: TaskId) -> &mut TaskState {
    tasks.entry(id).or_default()
}

fn tasks_of(tasks: &mut Tasks, project: ProjectId) -> impl Iterator<Item = &mut TaskState> {
    let tasks = tasks.values_mut();
    tasks.filter(move |task| task.project == Some(project))
}

impl Folded {
    fn add(&mut self, counter: Counter, by: i64) {
        *self.increments.entry(counter).or_default() += by;
    }
}

#[cfg(test)]
mod tests;
