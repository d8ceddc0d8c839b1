//! From facts to increments. Pure: states in, states and increments out.

use std::collections::BTreeMap;

use kernel::{LinkId, ProjectId, TaskId};

use super::fact::{Dated, Fact};
use super::task::TaskState;
use crate::counter::{Counter, Moved, Number, Scope, Slot};

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
        let slot = Slot::of(time);
        match fact {
            Fact::Created(event) => task(&mut after, event.task_id).create(event, time),
            Fact::Updated(event) => task(&mut after, event.task_id).update(event, time),
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
            Fact::LinkCreated(link) => folded.add_of_link(*link, slot, Moved::LinksCreated),
            Fact::LinkOpened(link, device) => {
                folded.add_of_link(*link, slot, Moved::LinkOpens);
                folded.add_of_link(*link, slot, Moved::OpensBy(*device));
            }
            Fact::Other => {}
        }
    }
    for (id, state) in after {
        let old = before.get(&id);
        if old == Some(&state) {
            continue;
        }
        for (counter, by) in old.map(TaskState::contribution).unwrap_or_default() {
            folded.add(counter, -by);
        }
        for (counter, by) in state.contribution() {
            folded.add(counter, by);
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

    /// One more for the link and for the organization.
    fn add_of_link(&mut self, link: LinkId, slot: Slot, moved: Moved) {
        let number = Number::At(slot, moved);
        for scope in [Scope::Organization, Scope::Link(link)] {
            self.add(Counter { scope, number }, 1);
        }
    }
}

#[cfg(test)]
mod tests;
