//! People who work without pause while something is done to their organization, and what they were answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Site, eventually};
use tokio::task::JoinHandle;

use crate::{Organization, Sql};

/// Writers at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    writers: Vec<JoinHandle<Vec<Answered>>>,
}

/// What one request came to.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The title of the task that was to be made; empty for a read.
    pub title: String,
    /// The status, or why there was none.
    pub status: Result<u16, String>,
    /// The whole body when it was no success.
    pub body: String,
    /// How long the client waited.
    pub took: Duration,
}

impl Load {
    /// So many writers make tasks in a project of the organization; every fourth request reads.
    pub async fn begin(organization: &Organization, project: &Value, writers: usize) -> Self {
        let (stop, answered) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let path = format!(
            "/api/v1/projects/{}/tasks",
            project["id"].as_str().expect("a project id")
        );
        let writers = (0..writers).map(|writer| {
            let (api, path) = (organization.owner.api.clone(), path.clone());
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(work(api, path, writer, stop, answered))
        });
        let load = Self {
            writers: writers.collect(),
            stop,
            answered,
        };
        load.goes_on().await;
        load
    }

    /// Waits until more requests were answered.
    pub async fn goes_on(&self) {
        let wanted = self.answered.load(Ordering::Relaxed) + 20;
        eventually("requests are answered", 30, async || {
            (self.answered.load(Ordering::Relaxed) >= wanted).then_some(())
        })
        .await;
    }

    /// Ends the work; answers all that happened.
    pub async fn end(self) -> Vec<Answered> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for writer in self.writers {
            all.extend(writer.await.expect("a writer"));
        }
        all
    }
}

async fn work(
    api: Site,
    path: String,
    writer: usize,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
) -> Vec<Answered> {
    let mut all = Vec::new();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let reads = number % 4 == 0;
        let title = match reads {
            true => String::new(),
            false => format!("load {writer}/{number}"),
        };
        let request = match reads {
            true => api.request(Method::GET, &path),
            false => api
                .request(Method::POST, &path)
                .json(&json!({"title": title})),
        };
        let started = Instant::now();
        let (status, body) = match request.send().await {
            Ok(answer) => (
                Ok(answer.status().as_u16()),
                answer.text().await.unwrap_or_default(),
            ),
            Err(error) => (Err(format!("{error:?}")), String::new()),
        };
        let good = matches!(status, Ok(200..=299));
        all.push(Answered {
            title,
            status,
            body: if good { String::new() } else { body },
            took: started.elapsed(),
        });
        answered.fetch_add(1, Ordering::Relaxed);
    }
    all
}

/// Panics unless every request was answered with success.
#[track_caller]
pub fn all_succeeded(all: &[Answered]) {
    let failed: Vec<_> = all
        .iter()
        .filter(|one| !matches!(one.status, Ok(200..=299)))
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} requests failed: {:?}",
        failed.len(),
        all.len(),
        failed.iter().take(3).collect::<Vec<_>>()
    );
}

/// The longest that a client waited.
pub fn longest(all: &[Answered]) -> Duration {
    all.iter().map(|one| one.took).max().unwrap_or_default()
}

/// Panics unless the database holds every acknowledged task exactly once, and none besides but those of which the
/// client heard nothing.
pub async fn each_is_there_once(sql: &Sql, all: &[Answered]) {
    let stored = "select title from tasks where title like 'load %' order by title";
    let stored = sql.texts(stored, &[]).await;
    let mut once = stored.clone();
    once.dedup();
    assert_eq!(once.len(), stored.len(), "a task is there twice");
    let writes = all.iter().filter(|one| !one.title.is_empty());
    for one in writes {
        let there = stored.binary_search(&one.title).is_ok();
        match one.status {
            Ok(200..=299) => assert!(there, "lost: {one:?}"),
            Ok(400..=499) => assert!(!there, "refused and yet there: {one:?}"),
            _ => {}
        }
    }
}
