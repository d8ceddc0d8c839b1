//! Four weeks of work on one project, made up from its tasks: who created, took, moved and finished what,
//! and when. Pure: the same content, people and time give the same story, up to ids.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use events::Envelope;
use events::topic::task::{
    TaskAssigned, TaskCommentAdded, TaskCreated, TaskMoved, TaskPriority, TaskStatus,
    TaskStatusChanged,
};
use kernel::{BoardId, Clock, ColumnId, CommentId, Ids, ProjectId, TaskId, TenantId, UserId};

use super::calendar::{Calendar, DAY, dice};
use super::content;

const SOURCE: &str = "project-svc";

/// Where the story takes place, and who is in it.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) tenant: TenantId,
    pub(super) project: ProjectId,
    pub(super) board: BoardId,
    pub(super) columns: Vec<(TaskStatus, ColumnId)>,
    /// Those who may write, the owner first.
    pub(super) people: Vec<UserId>,
    /// Tells projects apart in the dice.
    pub(super) seed: u64,
}

/// A task as it stands at the end.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) id: TaskId,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) status: TaskStatus,
    pub(super) column: ColumnId,
    pub(super) priority: TaskPriority,
    pub(super) due: Option<NaiveDate>,
    pub(super) created_by: UserId,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) completed_at: Option<DateTime<Utc>>,
    pub(super) version: i32,
    pub(super) assignees: Vec<(UserId, DateTime<Utc>)>,
    pub(super) comments: Vec<Comment>,
}

#[derive(Debug)]
pub(super) struct Comment {
    pub(super) id: CommentId,
    pub(super) author: UserId,
    pub(super) body: String,
    pub(super) at: DateTime<Utc>,
}

/// The whole story; tasks in the order they were created, events in the order they happened.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) tasks: Vec<Task>,
    pub(super) events: Vec<Envelope>,
}

/// Tells the story of a project up to now.
pub(super) fn tell(stage: &Stage, project: &content::Project, clock: &Clock, ids: &Ids) -> Story {
    let calendar = Calendar::until(clock.now());
    let mut story = Story::default();
    let count = project.tasks.len().max(1);
    for (index, task) in project.tasks.iter().enumerate() {
        let (index, count) = (whole(index), whole(count));
        let narrator = Narrator {
            stage,
            calendar,
            clock,
            ids,
            throw: stage.seed * 1000 + index,
        };
        // The last one is created shortly before now.
        let share = i64::try_from(index * 1000 / count).unwrap_or_default();
        let minute = calendar.length() * share * 95 / 100_000;
        narrator.task(task, minute, &mut story);
    }
    story.events.sort_by_key(|event| event.time);
    story
}

struct Narrator<'a> {
    stage: &'a Stage,
    calendar: Calendar,
    clock: &'a Clock,
    ids: &'a Ids,
    throw: u64,
}

impl Narrator<'_> {
    fn task(&self, content: &content::Task, minute: i64, story: &mut Story) {
        let minute = minute + self.between(1, 0, 90);
        let Some(created_at) = self.calendar.at(minute) else {
            return;
        };
        let Some(column) = self.column(TaskStatus::Todo) else {
            return;
        };
        let mut task = Task {
            id: self.ids.next(),
            title: content.title.clone(),
            description: content.description.clone(),
            status: TaskStatus::Todo,
            column,
            priority: content.priority,
            due: self.due(created_at),
            created_by: self.person(2),
            created_at,
            updated_at: created_at,
            completed_at: None,
            version: 1,
            assignees: Vec::new(),
            comments: Vec::new(),
        };
        story.events.push(self.created(&task));
        let begins = self.life(&mut task, minute, story);
        self.discuss(&mut task, content, begins, story);
        story.tasks.push(task);
    }

    /// From the backlog to done, as far as time allows; answers when somebody took it up.
    fn life(&self, task: &mut Task, created: i64, story: &mut Story) -> i64 {
        let taken = created + self.between(3, 20, DAY);
        // Some things stay where they are for a month, most of all those nobody needs.
        let odds = if task.priority == TaskPriority::Low {
            2
        } else {
            9
        };
        if dice([self.throw, 4, 0], odds) == 0 {
            return taken;
        }
        self.assign(task, taken, story);
        let begun = taken + self.between(5, 30, 5 * DAY);
        if dice([self.throw, 6, 0], 24) == 0 && self.column(TaskStatus::Cancelled).is_some() {
            self.go(task, TaskStatus::Cancelled, begun, story);
            return taken;
        }
        let reviewed = begun + self.between(7, DAY / 2, 5 * DAY);
        let finished = reviewed + self.between(8, 60, 3 * DAY);
        self.go(task, TaskStatus::InProgress, begun, story);
        self.go(task, TaskStatus::Review, reviewed, story);
        self.go(task, TaskStatus::Done, finished, story);
        begun
    }

    fn assign(&self, task: &mut Task, minute: i64, story: &mut Story) {
        let Some(at) = self.calendar.at(minute) else {
            return;
        };
        let mut assignees = vec![self.person(9)];
        let second = self.person(10);
        if dice([self.throw, 11, 0], 6) == 0 && !assignees.contains(&second) {
            assignees.push(second);
        }
        task.assignees = assignees.iter().map(|person| (*person, at)).collect();
        touch(task, at);
        let event = TaskAssigned {
            task_id: task.id,
            project_id: self.stage.project,
            assignee_ids: assignees,
            previous_ids: Vec::new(),
            version: Some(task.version),
        };
        story
            .events
            .push(self.envelope(task.created_by, at, &event));
    }

    fn go(&self, task: &mut Task, to: TaskStatus, minute: i64, story: &mut Story) {
        let (Some(at), Some(column)) = (self.calendar.at(minute), self.column(to)) else {
            return;
        };
        let (from, left) = (task.status, task.column);
        task.status = to;
        task.column = column;
        task.completed_at = (to == TaskStatus::Done).then_some(at);
        touch(task, at);
        let actor = match (to, task.assignees.first()) {
            (TaskStatus::Done | TaskStatus::Cancelled, _) | (_, None) => task.created_by,
            (_, Some((person, _))) => *person,
        };
        let moved = TaskMoved {
            task_id: task.id,
            project_id: self.stage.project,
            board_id: self.stage.board,
            from_column_id: left,
            to_column_id: column,
            version: Some(task.version),
        };
        let changed = TaskStatusChanged {
            task_id: task.id,
            project_id: self.stage.project,
            from,
            to,
            assignee_ids: people(task),
            completed_at: task.completed_at,
            version: Some(task.version),
        };
        story.events.push(self.envelope(actor, at, &moved));
        story.events.push(self.envelope(actor, at, &changed));
    }

    fn discuss(&self, task: &mut Task, content: &content::Task, from: i64, story: &mut Story) {
        let mut minute = from;
        for (turn, body) in (20..).zip(&content.comments) {
            minute += self.between(turn, 25, DAY / 2);
            let Some(at) = self.calendar.at(minute) else {
                return;
            };
            // Two people in turn: one of them has the task.
            let author = match (turn % 2, task.assignees.first()) {
                (0, Some((person, _))) => *person,
                _ => task.created_by,
            };
            let id = self.ids.next();
            let event = TaskCommentAdded {
                task_id: task.id,
                project_id: self.stage.project,
                comment_id: id,
                author_id: author,
                parent_id: None,
                mentioned_ids: Vec::new(),
            };
            story.events.push(self.envelope(author, at, &event));
            task.comments.push(Comment {
                id,
                author,
                body: body.clone(),
                at,
            });
        }
    }

    fn created(&self, task: &Task) -> Envelope {
        let event = TaskCreated {
            task_id: task.id,
            project_id: self.stage.project,
            status: task.status,
            priority: task.priority,
            created_by: task.created_by,
            assignee_ids: Vec::new(),
            created_at: Some(task.created_at),
            completed_at: None,
            estimate_seconds: None,
            version: Some(task.version),
        };
        self.envelope(task.created_by, task.created_at, &event)
    }

    fn envelope<E: events::Event>(&self, actor: UserId, at: DateTime<Utc>, event: &E) -> Envelope {
        let stage = self.stage;
        Envelope::new(self.ids, self.clock, SOURCE, stage.tenant, actor, event).at(at)
    }

    fn column(&self, status: TaskStatus) -> Option<ColumnId> {
        let mut columns = self.stage.columns.iter();
        columns
            .find(|(category, _)| *category == status)
            .map(|(_, id)| *id)
    }

    fn due(&self, created_at: DateTime<Utc>) -> Option<NaiveDate> {
        let wanted = dice([self.throw, 12, 0], 5) < 3;
        let days = self.between(13, 5, 24);
        wanted.then(|| (created_at + TimeDelta::days(days)).date_naive())
    }

    fn person(&self, throw: u64) -> UserId {
        let people = &self.stage.people;
        let chosen = dice([self.throw, throw, 0], whole(people.len()));
        let index = usize::try_from(chosen).unwrap_or_default();
        people
            .get(index)
            .copied()
            .unwrap_or_else(|| uuid::Uuid::nil().into())
    }

    fn between(&self, throw: u64, least: i64, most: i64) -> i64 {
        let sides = u64::try_from(most - least).unwrap_or(1);
        least + i64::try_from(dice([self.throw, throw, 1], sides)).unwrap_or_default()
    }
}

fn touch(task: &mut Task, at: DateTime<Utc>) {
    task.version += 1;
    task.updated_at = at;
}

fn people(task: &Task) -> Vec<UserId> {
    task.assignees.iter().map(|(person, _)| *person).collect()
}

fn whole(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn story() -> Story {
        let ids = Ids::system();
        let status = [
            TaskStatus::Todo,
            TaskStatus::InProgress,
            TaskStatus::Review,
            TaskStatus::Done,
        ];
        let stage = Stage {
            tenant: ids.next(),
            project: ids.next(),
            board: ids.next(),
            columns: status.map(|status| (status, ids.next())).to_vec(),
            people: (0..4).map(|_| ids.next()).collect(),
            seed: 1,
        };
        let organizations = content::organizations().unwrap();
        // A Friday afternoon.
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_001) + TimeDelta::hours(15);
        tell(
            &stage,
            &organizations[0].projects[0],
            &Clock::fixed(now),
            &ids,
        )
    }

    #[test]
    fn events_add_up_to_the_tasks() {
        let story = story();
        let mut status = HashMap::new();
        let mut version = HashMap::new();
        for event in &story.events {
            if let Ok(created) = event.data::<TaskCreated>() {
                status.insert(created.task_id, created.status);
            }
            if let Ok(changed) = event.data::<TaskStatusChanged>() {
                assert_eq!(
                    status.insert(changed.task_id, changed.to),
                    Some(changed.from)
                );
                version.insert(changed.task_id, changed.version);
            }
        }
        assert_eq!(status.len(), story.tasks.len());
        for task in &story.tasks {
            assert_eq!(status[&task.id], task.status);
            assert_eq!(task.completed_at.is_some(), task.status == TaskStatus::Done);
            assert!(task.updated_at >= task.created_at);
            if let Some(last) = version.get(&task.id) {
                assert_eq!(*last, Some(task.version));
            }
        }
        assert!(story.events.is_sorted_by_key(|event| event.time));
    }

    #[test]
    fn board_looks_like_work_in_the_middle() {
        let story = story();
        for status in [TaskStatus::Todo, TaskStatus::InProgress, TaskStatus::Done] {
            let count = story
                .tasks
                .iter()
                .filter(|task| task.status == status)
                .count();
            assert!(count >= 2, "{status:?}: {count}");
        }
        assert!(story.tasks.iter().any(|task| !task.comments.is_empty()));
        assert!(
            story
                .tasks
                .windows(2)
                .all(|pair| pair[0].id.uuid() < pair[1].id.uuid())
        );
    }
}
