//! A year of an organization of a hundred people, told in events.

use chrono::{DateTime, TimeDelta, Utc};
use events::topic::link::{Device, LinkAccessed};
use events::topic::task::{TaskAssigned, TaskCreated, TaskPriority, TaskStatus, TaskStatusChanged};
use events::{Envelope, Event};
use kernel::{Clock, Ids, LinkId, ProjectId, TaskId, TenantId, UserId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

const PEOPLE: usize = 100;
const PROJECTS: usize = 20;
const LINKS: usize = 500;
const DAYS: i64 = 360;
/// Events of a task and of what is around it.
const STORY: usize = 6;

/// Tells the year from its first day on.
pub(super) struct Year {
    tenant: TenantId,
    clock: Clock,
    ids: Ids,
    dice: StdRng,
    people: Vec<UserId>,
    projects: Vec<ProjectId>,
    links: Vec<LinkId>,
    told: usize,
    created: u64,
}

impl Year {
    pub(super) fn of(tenant: TenantId, clock: Clock) -> Self {
        let ids = Ids::system();
        Self {
            tenant,
            people: (0..PEOPLE).map(|_| ids.next()).collect(),
            projects: (0..PROJECTS).map(|_| ids.next()).collect(),
            links: (0..LINKS).map(|_| ids.next()).collect(),
            clock,
            ids,
            dice: StdRng::seed_from_u64(7),
            told: 0,
            created: 0,
        }
    }

    /// Tasks created.
    pub(super) const fn created(&self) -> u64 {
        self.created
    }

    /// One of the projects.
    pub(super) fn project(&self) -> ProjectId {
        self.projects
            .first()
            .copied()
            .unwrap_or_else(|| self.ids.next())
    }

    /// So many days up to today, as they are asked for.
    pub(super) fn days(&self, count: i64) -> String {
        let today = self.clock.now().date_naive();
        format!("from={}&to={today}", today - TimeDelta::days(count - 1))
    }

    /// The next events, of so many in all.
    pub(super) fn events(&mut self, count: usize, all: usize) -> Vec<Envelope> {
        let mut events = Vec::with_capacity(count);
        while events.len() < count {
            self.story(all, &mut events);
        }
        events.truncate(count);
        self.told += events.len();
        let created = events.iter().filter(|event| event.is::<TaskCreated>());
        self.created += u64::try_from(created.count()).unwrap_or_default();
        events
    }

    /// A task's life, and somebody who opens a link.
    fn story(&mut self, all: usize, events: &mut Vec<Envelope>) {
        let begins = self.clock.now() - TimeDelta::days(DAYS);
        let place = i64::try_from((self.told + events.len()) / STORY).unwrap_or_default();
        let tasks = i64::try_from(all / STORY + 1).unwrap_or(1);
        let mut at = begins + TimeDelta::minutes((DAYS - 15) * 1_440 * place / tasks);
        at += TimeDelta::minutes(self.dice.random_range(0..600));
        let (project, person, link) = self.chosen();
        let (task_id, project_id) = (self.ids.next(), project);
        let created = TaskCreated {
            task_id,
            project_id,
            status: TaskStatus::Todo,
            priority: TaskPriority::Medium,
            created_by: person,
            assignee_ids: Vec::new(),
            created_at: Some(at),
            completed_at: None,
            estimate_seconds: Some(self.dice.random_range(1_800..90_000)),
            version: Some(1),
        };
        events.push(self.event(at, &created));
        let assigned = TaskAssigned {
            task_id,
            project_id,
            assignee_ids: vec![person],
            previous_ids: Vec::new(),
            version: Some(2),
        };
        events.push(self.event(at, &assigned));
        let way = [
            TaskStatus::Todo,
            TaskStatus::InProgress,
            TaskStatus::Review,
            TaskStatus::Done,
        ];
        for (pair, version) in way.windows(2).zip(3..) {
            let &[from, to] = pair else { continue };
            at += TimeDelta::minutes(self.dice.random_range(30..6_000));
            let moved = Self::moved(task_id, project_id, (from, to), version);
            events.push(self.event(at, &moved));
        }
        let opened = LinkAccessed {
            link_id: link,
            resource: format!("task:{task_id}"),
            device: Device::Mobile,
            bot: false,
            visitor: "somebody".to_owned(),
            referrer: None,
        };
        events.push(self.event(at, &opened));
    }

    /// Some project, somebody and some link.
    #[expect(clippy::expect_used, reason = "a year has some of each")]
    fn chosen(&mut self) -> (ProjectId, UserId, LinkId) {
        let any = "there are some";
        (
            *self.projects.choose(&mut self.dice).expect(any),
            *self.people.choose(&mut self.dice).expect(any),
            *self.links.choose(&mut self.dice).expect(any),
        )
    }

    fn moved(
        task_id: TaskId,
        project_id: ProjectId,
        (from, to): (TaskStatus, TaskStatus),
        version: i32,
    ) -> TaskStatusChanged {
        TaskStatusChanged {
            task_id,
            project_id,
            from,
            to,
            assignee_ids: Vec::new(),
            completed_at: None,
            version: Some(version),
        }
    }

    fn event<E: Event>(&self, at: DateTime<Utc>, event: &E) -> Envelope {
        Envelope::new(&self.ids, &self.clock, "bench", self.tenant, None, event).at(at)
    }
}
