//! What an answer costs: the statements that a request sends to the organization's database, as the service itself logs
//! them (`tenancy::sql`). Each is a round trip. `begin` and `commit` are told apart and not counted; connecting, and
//! preparing a statement the first time a connection sees it, are not a request's.

use std::fmt::Debug;
use std::io::Write;
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, Registry};

use super::request::{Described, Operation};
use super::things::Things;
use crate::client::{read, text};

/// What a request may cost that changes nothing.
const READ: usize = 2;
/// What one may cost that changes something, with all it tells.
const WRITE: usize = 5;

/// What costs more, and how much: what looks into several tables for one answer, waits for several rows in their order,
/// or goes through a tree task by task. `edit_tasks` is for one task; each further one adds to it.
const DEARER: [(&str, usize); 24] = [
    ("board in lanes", 3),
    ("comments as HTML", 3),
    ("list_checklists", 3),
    ("project's tasks by own field", 3),
    ("get_project_analytics", 4),
    ("add_dependency", 6),
    ("add_project_member", 6),
    ("add_workspace_member", 6),
    ("assign_task", 6),
    ("create_board", 6),
    ("create_checklist_item", 6),
    ("create_subtask", 6),
    ("labels of a task", 6),
    ("update_checklist", 6),
    ("move to a limited column", 6),
    ("delete_card", 7),
    ("delete_task", 7),
    ("edit_tasks", 7),
    ("restore_task", 7),
    ("delete_board", 8),
    ("delete_column", 8),
    ("task with people, labels, fields", 9),
    ("transfer_task", 17),
    ("copy_task", 19),
];

/// The statements of this thread, on which a test and its service both run.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn listen(&self) -> DefaultGuard {
        tracing::subscriber::set_default(Registry::default().with(self.clone()))
    }

    /// What was sent since the last time, beside what frames a transaction.
    fn take(&self) -> Vec<String> {
        let mut heard = std::mem::take(&mut *self.0.lock().unwrap());
        heard.retain(|sql| !sql.starts_with("begin") && sql != "commit");
        heard
    }
}

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "tenancy::sql" {
            event.record(&mut Statement(&self.0));
        }
    }
}

struct Statement<'a>(&'a Mutex<Vec<String>>);

impl Visit for Statement<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "statement" {
            self.0.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// A request and what it cost.
struct Cost {
    name: String,
    writes: bool,
    statements: Vec<String>,
}

fn told(costs: &[Cost]) -> String {
    let row = |cost: &Cost| {
        let kind = if cost.writes { "write" } else { "read" };
        format!("{:2}  {kind:5}  {}", cost.statements.len(), cost.name)
    };
    costs.iter().map(row).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn operations_cost_a_few_statements() {
    let heard = Heard::default();
    let _listening = heard.listen();
    let api = Described::new().await;
    let mut costs = Vec::new();
    for operation in &api.operations {
        let things = api.things().await;
        if operation.id.starts_with("restore_") {
            let path = things.put_into_path(operation.path.trim_end_matches("/restore"));
            let _ = api.owner().delete(&path).await.expect(204);
        }
        let mut body = api.body(operation, &things, "", &Value::Null);
        if body == json!({}) {
            body = changing(&api, operation, &things);
        }
        heard.take();
        let answer = api.ask(operation, &things, &body).await;
        assert!(
            answer.status.is_success(),
            "{} {:#}",
            operation.id,
            answer.body
        );
        costs.push(Cost {
            name: operation.id.clone(),
            writes: operation.method != Method::GET,
            statements: heard.take(),
        });
    }
    costs.extend(richer(&api, &heard).await);
    costs.sort_by_key(|cost| (cost.statements.len(), cost.name.clone()));
    writeln!(std::io::stdout(), "{}", told(&costs)).unwrap();
    let wrong = costs.iter().filter(|cost| {
        let bar = if cost.writes { WRITE } else { READ };
        let dearer = DEARER.iter().find(|(name, _)| *name == cost.name);
        // What got cheaper leaves the list.
        dearer.map_or(cost.statements.len() > bar, |(_, most)| {
            *most <= bar || cost.statements.len() != *most
        })
    });
    let wrong: Vec<_> = wrong.map(|cost| (&cost.name, &cost.statements)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    api.world.end().await;
}

/// A body that changes something, where none of its fields is demanded.
fn changing(api: &Described, operation: &Operation, things: &Things) -> Value {
    let leaves = operation
        .body
        .iter()
        .flat_map(|body| api.document.leaves(body));
    let mut texts = leaves.filter(|leaf| ["name", "title", "text"].contains(&leaf.name()));
    match texts.next() {
        Some(leaf) => api.body(operation, things, &leaf.pointer, &json!("Other")),
        None => api.body(operation, things, "", &Value::Null),
    }
}

/// Requests that ask for more than their operation demands.
async fn richer(api: &Described, heard: &Heard) -> Vec<Cost> {
    let things = api.things().await;
    let id = |word: &str| things.id(word).to_owned();
    let (project, board, task) = (id("projects"), id("boards"), id("tasks"));
    let full = api
        .owner()
        .get(&format!("/tasks/{}", things.id("others")))
        .await;
    let full = full.expect(200);
    let limited = json!({"name": "Review", "category": "review", "wip_limit": 5});
    let path = format!("/boards/{board}/columns");
    let limited = api.owner().post(&path, limited).await.expect(201);
    let comment = json!({"body": "@Ada, see APO-1"});
    let path = format!("/tasks/{task}/comments");
    let _ = api.owner().post(&path, comment.clone()).await.expect(201);
    let rich = json!({
        "title": "All of it", "assignee_ids": [things.id("users")], "label_ids": [things.id("labels")],
        "parent_id": task, "fields": {"risk": "high"},
    });
    let requests = [
        (
            "board in lanes",
            Method::GET,
            format!("/boards/{board}?lanes=assignee"),
            json!(null),
        ),
        (
            "tasks by own field",
            Method::GET,
            "/tasks?filter=field.risk:high".to_owned(),
            json!(null),
        ),
        (
            "project's tasks by filter",
            Method::GET,
            format!("/projects/{project}/tasks?filter=is:open"),
            json!(null),
        ),
        (
            "project's tasks by own field",
            Method::GET,
            format!("/projects/{project}/tasks?filter=field.risk:high"),
            json!(null),
        ),
        (
            "search that finds nothing",
            Method::GET,
            "/search?q=nothingatall".to_owned(),
            json!(null),
        ),
        (
            "comments as HTML",
            Method::GET,
            format!("/tasks/{task}/comments?html=true"),
            json!(null),
        ),
        (
            "task with people, labels, fields",
            Method::POST,
            format!("/projects/{project}/tasks"),
            rich,
        ),
        ("comment that names people", Method::POST, path, comment),
        (
            "move to a limited column",
            Method::PUT,
            format!("/cards/{task}/move"),
            json!({"column_id": limited["id"]}),
        ),
        (
            "move before a card",
            Method::PUT,
            format!("/cards/{task}/move"),
            json!({"column_id": full["column_id"], "before_id": id("others")}),
        ),
        (
            "status",
            Method::PUT,
            format!("/tasks/{task}/status"),
            json!({"status": "done"}),
        ),
        (
            "labels of a task",
            Method::PATCH,
            format!("/tasks/{task}"),
            json!({"label_ids": [things.id("labels")]}),
        ),
        (
            "fields of a task",
            Method::PATCH,
            format!("/tasks/{task}"),
            json!({"fields": {"risk": "low"}}),
        ),
    ];
    let mut costs = Vec::new();
    for (name, method, path, body) in requests {
        heard.take();
        let request = api.owner().request(method.clone(), &path);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let answer = read(request).await;
        assert!(answer.status.is_success(), "{name} {:#}", answer.body);
        costs.push(Cost {
            name: name.to_owned(),
            writes: method != Method::GET,
            statements: heard.take(),
        });
    }
    costs
}

#[tokio::test]
async fn a_list_costs_the_same_however_long_it_is() {
    let heard = Heard::default();
    let _listening = heard.listen();
    let api = Described::new().await;
    let things = api.things().await;
    let project = things.id("projects");
    let task = format!("/tasks/{}", things.id("tasks"));
    let task = api.owner().get(&task).await.expect(200);
    let pages = [
        "/tasks".to_owned(),
        "/projects".to_owned(),
        "/search?q=engine".to_owned(),
        format!("/projects/{project}/tasks"),
        format!("/boards/{}", text(&task, "board_id")),
        format!("/tasks/{}/comments?html=true", things.id("tasks")),
    ];
    let comments = format!("/tasks/{}/comments", things.id("tasks"));
    let key = json!({"body": "See APO-1"});
    let _ = api.owner().post(&comments, key.clone()).await.expect(201);
    let mut few = Vec::new();
    for path in &pages {
        heard.take();
        let _ = api.owner().get(path).await.expect(200);
        few.push(heard.take().len());
    }
    for turn in 0..20 {
        let task = api.owner().task(project, &format!("Engine {turn}")).await;
        let labels = json!({"label_ids": [things.id("labels")]});
        let _ = api
            .owner()
            .patch(&format!("/tasks/{task}"), labels)
            .await
            .expect(200);
        let _ = api.owner().post(&comments, key.clone()).await.expect(201);
        api.owner().project(&format!("Project {turn}")).await;
    }
    for (path, few) in pages.iter().zip(few) {
        heard.take();
        let _ = api.owner().get(path).await.expect(200);
        assert_eq!(heard.take().len(), few, "{path}");
    }
    api.world.end().await;
}
