//! People who change tasks without pause, whatever becomes of their requests.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use e2e::Organization;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Tasks that are changed at once: as many as one request may name.
const TASKS: usize = 100;

/// Pause after a request that failed.
const PAUSE: Duration = Duration::from_millis(200);

/// The way of the tasks, round and round.
const WAY: [&str; 4] = ["in_progress", "review", "done", "todo"];

/// Work in one organization, until it is ended.
pub(super) struct Traffic {
    stop: Arc<AtomicBool>,
    worker: JoinHandle<Acknowledged>,
}

/// What the client was told is so.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    /// Tasks that were made.
    pub(super) tasks: BTreeSet<String>,
    /// Changes of status that were made.
    pub(super) changes: usize,
    /// Requests that failed.
    pub(super) failed: usize,
}

impl Traffic {
    /// Makes the tasks and begins to change them.
    pub(super) async fn begin(organization: &Organization) -> Self {
        let (project, _) = organization.project("Apollo").await;
        let mut acknowledged = Acknowledged::default();
        for number in 0..TASKS {
            let task = organization.task(&project, &format!("task {number}")).await;
            let id = task["id"].as_str().unwrap();
            acknowledged.tasks.insert(id.to_owned());
        }
        let stop = Arc::new(AtomicBool::new(false));
        let work = work(
            organization.clone(),
            project,
            acknowledged,
            Arc::clone(&stop),
        );
        Self {
            stop,
            worker: tokio::spawn(work),
        }
    }

    /// Ends it.
    pub(super) async fn end(self) -> Acknowledged {
        self.stop.store(true, Ordering::Relaxed);
        self.worker.await.unwrap()
    }
}

async fn work(
    organization: Organization,
    project: Value,
    mut acknowledged: Acknowledged,
    stop: Arc<AtomicBool>,
) -> Acknowledged {
    let project = project["id"].as_str().unwrap();
    let tasks = format!("/api/v1/projects/{project}/tasks");
    let items = acknowledged.tasks.iter().map(|id| json!({"id": id}));
    let items: Vec<Value> = items.collect();
    for status in WAY.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let change = json!({"items": items, "change": {"status": status}});
        match send(&organization, "/api/v1/tasks/bulk", &change).await {
            Some(answer) => acknowledged.changes += changed(&answer),
            None => acknowledged.failed += 1,
        }
        match send(&organization, &tasks, &json!({"title": "One more"})).await {
            Some(task) => {
                let id = task["id"].as_str().unwrap();
                acknowledged.tasks.insert(id.to_owned());
            }
            None => acknowledged.failed += 1,
        }
    }
    acknowledged
}

/// What was answered with success. A part that is dead answers 502 or 503, or nothing.
async fn send(organization: &Organization, path: &str, body: &Value) -> Option<Value> {
    let api = &organization.owner.api;
    let answer = api.request(Method::POST, path).json(body).send().await;
    if let Ok(answer) = answer {
        let status = answer.status().as_u16();
        assert!(matches!(status, 200 | 201 | 502..=504), "{path}: {status}");
        if status < 300 {
            return answer.json().await.ok();
        }
    }
    sleep(PAUSE).await;
    None
}

fn changed(answer: &Value) -> usize {
    let items = answer["items"].as_array().unwrap().iter();
    items.filter(|one| one["status"] == 200).count()
}
