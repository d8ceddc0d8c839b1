//! Two projects with a past, written into the tenant's database as project-svc writes: tasks, what became of them, and
//! the events that tell of it, some of them late.

use chrono::{DateTime, TimeDelta, Utc};
use e2e::{Organization, Sql};
use kernel::{EventId, Ids, TaskId, UserId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Enough for every kind of life, few enough for one look.
const TASKS: usize = 120;
/// Around the night in which clocks in Berlin are put forward.
const FIRST_DAY: &str = "2026-03-16T00:00:00Z";
const DAYS: i64 = 28;

const WAYS: [&[&str]; 7] = [
    &["todo"],
    &["todo", "in_progress"],
    &["todo", "in_progress", "review", "done"],
    &["todo", "done"],
    &["todo", "in_progress", "done", "in_progress", "done"],
    &["todo", "cancelled"],
    &["review", "done", "todo"],
];

/// Writes the past of both projects; each is a project and its columns by category.
pub(super) async fn write(acme: &Organization, projects: &[(Value, Value)], people: &[UserId]) {
    let sql = Sql::tenant(acme.id).await;
    for (place, (project, columns)) in projects.iter().enumerate() {
        let mut dice = StdRng::seed_from_u64(u64::try_from(place).unwrap());
        let mut statements = vec!["begin".to_owned()];
        for person in people {
            statements.push(format!(
                "insert into people (id, name, role) values ('{person}', 'P', 'member') on conflict (id) do nothing"
            ));
        }
        let (mut tables, mut events) = (Vec::new(), Vec::new());
        for number in 1..=TASKS {
            let life = Life::new(acme, project, people, &mut dice);
            tables.extend(life.rows(columns, number));
            events.extend(life.events(&mut dice));
        }
        // Out of order: what was told late comes late.
        for place in (1..events.len()).rev() {
            events.swap(place, dice.random_range(place.saturating_sub(9)..=place));
        }
        let project = project["id"].as_str().unwrap();
        tables.push(format!(
            "update projects set next_task_number = {} where id = '{project}'",
            TASKS + 1
        ));
        statements.extend(tables);
        statements.extend(events.iter().map(outbox));
        statements.push("commit".to_owned());
        sql.run(&statements.join(";\n")).await.unwrap();
    }
}

/// What became of one task.
struct Life<'a> {
    acme: &'a Organization,
    id: TaskId,
    project: &'a str,
    /// Statuses and when it came to them.
    way: Vec<(&'static str, DateTime<Utc>)>,
    people: Vec<UserId>,
    priority: &'static str,
    estimate: Option<i32>,
    deleted: bool,
}

impl<'a> Life<'a> {
    fn new(
        acme: &'a Organization,
        project: &'a Value,
        people: &[UserId],
        dice: &mut StdRng,
    ) -> Self {
        let mut at: DateTime<Utc> = FIRST_DAY.parse().unwrap();
        at += TimeDelta::seconds(dice.random_range(0..DAYS * 86_400));
        let way = WAYS.choose(dice).unwrap().iter().map(|status| {
            let here = (*status, at);
            at += TimeDelta::seconds(dice.random_range(60..5 * 86_400));
            here
        });
        let way = way.collect();
        let count = dice.random_range(0..=2);
        Self {
            acme,
            id: Ids::system().next(),
            project: project["id"].as_str().unwrap(),
            way,
            people: people.choose_multiple(dice, count).copied().collect(),
            priority: ["low", "medium", "high"].choose(dice).unwrap(),
            estimate: dice
                .random_bool(0.7)
                .then(|| dice.random_range(600..90_000)),
            deleted: dice.random_bool(0.1),
        }
    }

    fn status(&self) -> (&'static str, DateTime<Utc>) {
        *self.way.last().unwrap()
    }

    fn completed(step: (&str, DateTime<Utc>)) -> Option<DateTime<Utc>> {
        (step.0 == "done").then_some(step.1)
    }

    fn rows(&self, columns: &Value, number: usize) -> Vec<String> {
        let (status, at) = self.status();
        let created = self.way[0].1;
        let column = columns
            .get(status)
            .unwrap_or_else(|| &columns["todo"])
            .as_str()
            .unwrap();
        let completed = Self::completed(self.status());
        let time = |at: Option<DateTime<Utc>>| {
            at.map_or_else(|| "null".to_owned(), |at| format!("'{at}'"))
        };
        let deleted = time(self.deleted.then_some(at));
        let (id, project, owner) = (self.id, self.project, self.acme.owner.id);
        let estimate = self
            .estimate
            .map_or_else(|| "null".to_owned(), |seconds| seconds.to_string());
        let mut rows = vec![format!(
            "insert into tasks (id, project_id, board_id, column_id, number, title, status, priority, order_key,
                created_by, completed_at, version, created_at, updated_at, deleted_at, estimate_seconds)
             select '{id}', '{project}', board_id, id, {number}, 'Task {number}', '{status}', '{priority}', 'a{number:04}',
                '{owner}', {completed}, 9, '{created}', '{at}', {deleted}, {estimate}
             from columns where id = '{column}'",
            priority = self.priority,
            completed = time(completed),
        )];
        for person in &self.people {
            rows.push(format!(
                "insert into task_assignees (task_id, user_id) values ('{id}', '{person}')"
            ));
        }
        for pair in self.way.windows(2) {
            let entry: EventId = Ids::system().next();
            let changes = json!({"status": {"from": pair[0].0, "to": pair[1].0}});
            rows.push(format!(
                "insert into activities (id, project_id, task_id, actor_id, kind, changes, created_at)
                 values ('{entry}', '{project}', '{id}', '{owner}', 'task.status_changed', '{changes}', '{}')",
                pair[1].1
            ));
        }
        rows
    }

    fn events(&self, dice: &mut StdRng) -> Vec<Value> {
        let created = self.way[0];
        // Its people and its estimate are told with it, or later.
        let at_once = dice.random_bool(0.5);
        let none: Vec<UserId> = Vec::new();
        let mut events = vec![self.event(
            "task.created",
            created.1,
            &json!({
                "status": created.0,
                "priority": if at_once { self.priority } else { "urgent" },
                "created_by": self.acme.owner.id,
                "assignee_ids": if at_once { &self.people } else { &none },
                "created_at": created.1,
                "completed_at": Self::completed(created),
                "estimate_seconds": self.estimate.filter(|_| at_once),
                "version": 1,
            }),
        )];
        let mut version = 1;
        for pair in self.way.windows(2) {
            version += 1;
            events.push(self.event(
                "task.status_changed",
                pair[1].1,
                &json!({
                    "from": pair[0].0, "to": pair[1].0, "assignee_ids": [],
                    "completed_at": Self::completed(pair[1]), "version": version,
                }),
            ));
        }
        let last = self.status().1;
        if !at_once {
            version += 1;
            events.push(self.event(
                "task.assigned",
                last,
                &json!({
                    "assignee_ids": self.people, "previous_ids": [], "version": version,
                }),
            ));
            version += 1;
            events.push(self.event(
                "task.updated",
                last,
                &json!({
                    "changed": ["priority", "estimate_seconds"], "priority": self.priority,
                    "estimate_seconds": self.estimate, "version": version,
                }),
            ));
        }
        if self.deleted {
            let gone = json!({"status": self.status().0, "version": version + 1});
            events.push(self.event("task.deleted", last, &gone));
        }
        events
    }

    fn event(&self, kind: &str, at: DateTime<Utc>, data: &Value) -> Value {
        let id: EventId = Ids::system().next();
        let mut data = data.clone();
        data["task_id"] = json!(self.id);
        data["project_id"] = json!(self.project);
        // Nothing is told of what is not there.
        data.as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        json!({
            "specversion": "1.0", "id": id, "source": "project-svc", "type": kind, "subject": self.id, "time": at,
            "datacontenttype": "application/json", "tenantid": self.acme.id, "actorid": self.acme.owner.id,
            "data": data,
        })
    }
}

fn outbox(event: &Value) -> String {
    let text = |name: &str| event[name].as_str().unwrap();
    format!(
        "insert into outbox (id, type, tenant_id, event) values ('{}', '{}', '{}', '{event}')",
        text("id"),
        text("type"),
        text("tenantid"),
    )
}
