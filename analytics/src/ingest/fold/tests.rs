use chrono::{DateTime, TimeDelta, Utc};
use events::topic::project::{ProjectDeleted, ProjectRestored};
use events::topic::task::{
    TaskAssigned, TaskCreated, TaskDeleted, TaskPriority, TaskRestored, TaskStatus,
    TaskStatusChanged, TaskTransferred, TaskUpdated,
};
use kernel::{ProjectId, UserId};
use uuid::Uuid;

use super::*;
use crate::counter::Standing;

fn task() -> TaskId {
    TaskId::from(Uuid::from_u128(1))
}

fn project() -> ProjectId {
    ProjectId::from(Uuid::from_u128(2))
}

fn user(n: u128) -> UserId {
    UserId::from(Uuid::from_u128(100 + n))
}

fn at(day: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(day) + TimeDelta::hours(23)
}

fn on(day: i64, moved: Moved) -> Counter {
    of_all(Number::At(Slot::of(at(day)), moved))
}

fn done_by(day: i64, user: UserId) -> Counter {
    of_all(Number::DoneBy(at(day).date_naive(), user))
}

fn now(standing: Standing) -> Counter {
    of_all(Number::Now(standing))
}

fn of_all(number: Number) -> Counter {
    Counter {
        scope: Scope::Organization,
        number,
    }
}

/// The numbers of the whole organization, but for those about the way of tasks through the statuses.
fn of_organization(all: BTreeMap<Counter, i64>) -> BTreeMap<Counter, i64> {
    let about_ways = |number: &Number| {
        matches!(number, Number::At(_, Moved::Level(_) | Moved::Estimate(_)))
            || matches!(
                number,
                Number::Now(Standing::Estimate(_) | Standing::AssignedEstimate(_))
            )
    };
    let mut numbers = all;
    numbers
        .retain(|counter, _| counter.scope == Scope::Organization && !about_ways(&counter.number));
    numbers
}

fn created(status: TaskStatus, assignees: &[UserId]) -> Fact {
    Fact::Created(TaskCreated {
        task_id: task(),
        project_id: project(),
        status,
        priority: TaskPriority::Medium,
        created_by: user(0),
        assignee_ids: assignees.to_vec(),
        created_at: None,
        completed_at: None,
        estimate_seconds: None,
        version: Some(1),
    })
}

fn moved(from: TaskStatus, to: TaskStatus, version: i32) -> Fact {
    Fact::StatusChanged(TaskStatusChanged {
        task_id: task(),
        project_id: project(),
        from,
        to,
        assignee_ids: Vec::new(),
        completed_at: None,
        version: Some(version),
    })
}

fn assigned(to: &[UserId], version: i32) -> Fact {
    Fact::Assigned(TaskAssigned {
        task_id: task(),
        project_id: project(),
        assignee_ids: to.to_vec(),
        previous_ids: Vec::new(),
        version: Some(version),
    })
}

fn deleted(version: i32) -> Fact {
    Fact::TaskDeleted(TaskDeleted {
        task_id: task(),
        project_id: project(),
        status: TaskStatus::Todo,
        version: Some(version),
    })
}

fn restored(status: TaskStatus, assignees: &[UserId], version: i32) -> Fact {
    Fact::TaskRestored(TaskRestored {
        task_id: task(),
        project_id: project(),
        status,
        assignee_ids: assignees.to_vec(),
        completed_at: (status == Done).then(|| at(5)),
        version: Some(version),
    })
}

fn transferred(to: ProjectId, version: i32) -> Fact {
    Fact::Transferred(TaskTransferred {
        task_id: task(),
        project_id: to,
        from_project_id: project(),
        to_column_id: uuid::Uuid::nil().into(),
        status: Todo,
        version: Some(version),
    })
}

fn project_deleted(project_id: ProjectId) -> Fact {
    Fact::ProjectDeleted(ProjectDeleted { project_id })
}

fn project_restored(project_id: ProjectId) -> Fact {
    Fact::ProjectRestored(ProjectRestored { project_id })
}

/// What all facts come to, each on the day of its place, whichever order they come in, one a batch.
fn in_any_order(facts: &[Fact]) -> BTreeMap<Counter, i64> {
    let dated: Vec<(i64, &Fact)> = (1..).zip(facts).collect();
    let in_order = all_numbers(dated.iter().copied());
    for shift in 0..dated.len() {
        let mut order = dated.clone();
        order.rotate_left(shift);
        for order in [order.clone(), order.into_iter().rev().collect()] {
            let (mut tasks, mut sum) = (Tasks::new(), BTreeMap::new());
            for (day, fact) in &order {
                let folded = fold(&tasks, [(at(*day), *fact)]);
                tasks.extend(folded.tasks);
                for (counter, by) in folded.increments {
                    *sum.entry(counter).or_default() += by;
                }
            }
            sum.retain(|_, by| *by != 0);
            assert_eq!(sum, in_order, "{order:?}");
        }
    }
    of_organization(in_order)
}

fn numbers<'a>(facts: impl IntoIterator<Item = (i64, &'a Fact)>) -> BTreeMap<Counter, i64> {
    of_organization(all_numbers(facts))
}

fn all_numbers<'a>(facts: impl IntoIterator<Item = (i64, &'a Fact)>) -> BTreeMap<Counter, i64> {
    let dated = facts.into_iter().map(|(day, fact)| (at(day), fact));
    fold(&Tasks::new(), dated).increments
}

use TaskStatus::{Done, InProgress, Review, Todo};

#[test]
fn created_task_counts_for_its_day_its_status_and_its_people() {
    let moved = numbers([(3, &created(Todo, &[user(1), user(2)]))]);
    let expected = [
        (on(3, Moved::Created), 1),
        (now(Standing::Status(Todo)), 1),
        (now(Standing::Assigned(user(1))), 1),
        (now(Standing::Assigned(user(2))), 1),
    ];
    assert_eq!(moved, BTreeMap::from(expected));
}

#[test]
fn done_task_counts_for_the_day_of_its_completion_and_is_open_for_nobody() {
    let facts = [created(Todo, &[user(1)]), moved(Todo, Done, 2)];
    let moved = numbers([(3, &facts[0]), (5, &facts[1])]);
    let expected = [
        (on(3, Moved::Created), 1),
        (on(5, Moved::Done), 1),
        (done_by(5, user(1)), 1),
        (now(Standing::Status(Done)), 1),
    ];
    assert_eq!(moved, BTreeMap::from(expected));
}

#[test]
fn reopened_task_was_never_done() {
    let facts = [
        created(Todo, &[user(1)]),
        moved(Todo, Done, 2),
        moved(Done, Review, 3),
    ];
    let reopened = numbers(facts.iter().map(|fact| (3, fact)));
    let direct = [facts[0].clone(), moved(Todo, Review, 2)];
    assert_eq!(reopened, numbers(direct.iter().map(|fact| (3, fact))));
}

#[test]
fn done_task_follows_its_new_assignee() {
    let facts = [created(Done, &[user(1)]), assigned(&[user(2)], 2)];
    let moved = numbers(facts.iter().map(|fact| (3, fact)));
    assert_eq!(moved.get(&done_by(3, user(2))), Some(&1));
    assert_eq!(moved.get(&done_by(3, user(1))), None);
}

#[test]
fn deleted_task_counts_for_nothing_even_if_more_is_heard_of_it() {
    let facts = [created(Todo, &[user(1)]), deleted(3), moved(Todo, Done, 2)];
    assert_eq!(numbers(facts.iter().map(|fact| (3, fact))), BTreeMap::new());
}

#[test]
fn tasks_of_a_deleted_project_count_for_nothing() {
    let facts = [created(Todo, &[user(1)]), project_deleted(project())];
    assert_eq!(numbers(facts.iter().map(|fact| (3, fact))), BTreeMap::new());
}

#[test]
fn task_from_the_trash_counts_as_it_came_back() {
    let facts = [
        created(Todo, &[user(1)]),
        assigned(&[user(2)], 2),
        deleted(3),
        restored(InProgress, &[user(2)], 4),
    ];
    let expected = [
        (on(1, Moved::Created), 1),
        (now(Standing::Status(InProgress)), 1),
        (now(Standing::Assigned(user(2))), 1),
    ];
    assert_eq!(in_any_order(&facts), BTreeMap::from(expected));
    // Done when it was done, not when it came back.
    let done = [created(Done, &[]), deleted(2), restored(Done, &[], 3)];
    let moved = in_any_order(&done);
    assert_eq!(moved.get(&on(5, Moved::Done)), Some(&1));
    let again = [&facts[..], &[deleted(5)]].concat();
    assert_eq!(in_any_order(&again), BTreeMap::new());
}

#[test]
fn tasks_come_back_with_their_project_but_for_those_in_the_trash() {
    let facts = [
        created(Todo, &[user(1)]),
        project_deleted(project()),
        project_restored(project()),
    ];
    assert_eq!(
        numbers(facts.iter().map(|fact| (3, fact))),
        numbers([(3, &facts[0])])
    );
    let [first, gone, back] = facts;
    let facts = [first, deleted(2), gone, back];
    let dated = facts.iter().zip(1..).map(|(fact, day)| (day, fact));
    assert_eq!(numbers(dated), BTreeMap::new());
    // Restoring it while its project is away says nothing of the project.
    let [first, thrown, gone, _] = facts;
    let facts = [first, gone, thrown, restored(Todo, &[user(1)], 3)];
    let dated = facts.iter().zip(1..).map(|(fact, day)| (day, fact));
    assert_eq!(numbers(dated), BTreeMap::new());
}

#[test]
fn transferred_task_shares_the_fate_of_its_new_project() {
    let other = ProjectId::from(Uuid::from_u128(3));
    let facts = [
        created(Todo, &[]),
        transferred(other, 2),
        project_deleted(project()),
    ];
    assert_eq!(in_any_order(&facts), numbers([(1, &facts[0])]));
    let facts = [
        created(Todo, &[]),
        transferred(other, 2),
        project_deleted(other),
    ];
    let dated = facts.iter().zip(1..).map(|(fact, day)| (day, fact));
    assert_eq!(numbers(dated), BTreeMap::new());
    // An older change that comes later does not take it back to where it was.
    let facts = [
        created(Todo, &[]),
        transferred(other, 3),
        assigned(&[user(1)], 2),
        project_deleted(other),
    ];
    let dated = facts.iter().zip(1..).map(|(fact, day)| (day, fact));
    assert_eq!(numbers(dated), BTreeMap::new());
}

#[test]
fn imported_task_counts_for_the_days_it_names() {
    let Fact::Created(mut event) = created(Done, &[]) else {
        unreachable!()
    };
    event.created_at = Some(at(1));
    event.completed_at = Some(at(2));
    let moved = numbers([(9, &Fact::Created(event))]);
    assert_eq!(moved.get(&on(1, Moved::Created)), Some(&1));
    assert_eq!(moved.get(&on(2, Moved::Done)), Some(&1));
}

#[test]
fn order_of_arrival_and_size_of_batches_do_not_matter() {
    let facts = [
        (1, created(Todo, &[user(1)])),
        (2, moved(Todo, InProgress, 2)),
        (3, assigned(&[user(1), user(2)], 3)),
        (4, moved(InProgress, Done, 4)),
        (5, assigned(&[user(2)], 5)),
    ];
    let in_order = all_numbers(facts.iter().map(|(day, fact)| (*day, fact)));
    // Every rotation and its reverse, one fact a batch.
    for shift in 0..facts.len() {
        let mut order: Vec<usize> = (0..facts.len()).collect();
        order.rotate_left(shift);
        for order in [order.clone(), order.into_iter().rev().collect()] {
            let (mut tasks, mut sum) = (Tasks::new(), BTreeMap::new());
            for index in order {
                let (day, fact) = &facts[index];
                let folded = fold(&tasks, [(at(*day), fact)]);
                tasks.extend(folded.tasks);
                for (counter, by) in folded.increments {
                    *sum.entry(counter).or_default() += by;
                }
            }
            sum.retain(|_, by| *by != 0);
            assert_eq!(sum, in_order);
        }
    }
}

/// How many tasks stood where at the end of a day, and how long they were thought to take.
fn level(all: &BTreeMap<Counter, i64>, scope: Scope, status: TaskStatus, day: i64) -> (i64, i64) {
    let until = Slot::of(at(day));
    let sum = |wanted: Moved| {
        let passes = |counter: &Counter| match counter.number {
            Number::At(slot, moved) => counter.scope == scope && moved == wanted && slot <= until,
            _ => false,
        };
        all.iter()
            .filter(|(counter, _)| passes(counter))
            .map(|(_, by)| by)
            .sum()
    };
    (sum(Moved::Level(status)), sum(Moved::Estimate(status)))
}

#[test]
fn levels_follow_the_way_through_the_statuses() {
    let estimated = Fact::Updated(TaskUpdated {
        task_id: task(),
        project_id: project(),
        changed: Vec::new(),
        priority: Some(TaskPriority::High),
        estimate_seconds: Some(60),
        version: Some(6),
    });
    let facts = [
        created(Todo, &[]),
        moved(Todo, InProgress, 2),
        moved(InProgress, Done, 3),
        moved(Done, InProgress, 4),
        assigned(&[user(1)], 5),
        estimated,
    ];
    in_any_order(&facts);
    let dated = (1..).zip(&facts);
    let all = all_numbers(dated);
    // What it is thought to take now counts for its whole way, and so does whose it is.
    for scope in [
        Scope::Organization,
        Scope::Project(project()),
        Scope::Person(user(1)),
    ] {
        let at_day = |day| [Todo, InProgress, Done].map(|status| level(&all, scope, status, day));
        assert_eq!(at_day(0), [(0, 0), (0, 0), (0, 0)]);
        assert_eq!(at_day(1), [(1, 60), (0, 0), (0, 0)]);
        assert_eq!(at_day(2), [(0, 0), (1, 60), (0, 0)]);
        assert_eq!(at_day(3), [(0, 0), (0, 0), (1, 60)]);
        assert_eq!(at_day(9), [(0, 0), (1, 60), (0, 0)]);
    }
    assert_eq!(level(&all, Scope::Person(user(2)), InProgress, 9), (0, 0));
}

#[test]
fn task_done_elsewhere_was_to_do_until_then() {
    let Fact::Created(mut event) = created(Done, &[]) else {
        unreachable!()
    };
    event.created_at = Some(at(1));
    event.completed_at = Some(at(3));
    let fact = Fact::Created(event);
    let all = all_numbers([(9, &fact)]);
    let at_day = |day| [Todo, Done].map(|status| level(&all, Scope::Organization, status, day).0);
    assert_eq!([at_day(0), at_day(2), at_day(4)], [[0, 0], [1, 0], [0, 1]]);
}
