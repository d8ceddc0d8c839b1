//! A crowd, each with a connection.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::Arguments;
use crate::organization::{Organization, found, list, text};
use crate::report::Report;
use crate::samples::Samples;

/// What a person does between two requests.
const THINKING: Duration = Duration::from_secs(2);

/// One request of so many changes something.
const WRITES: u32 = 5;

/// People with a connection each, who look at tasks, lists and boards, and change a task now and then.
pub(super) async fn run(
    office: &Organization,
    project: &str,
    arguments: &Arguments,
    report: &mut Report,
) -> anyhow::Result<()> {
    const PART: &str = "crowd";
    let tasks = found(
        &office.owner,
        &format!("/api/v1/projects/{project}/tasks?limit=200"),
    )
    .await?;
    let tasks = list(&tasks, "/items")?.iter();
    let tasks: Vec<String> = tasks
        .map(|task| Ok(format!("/api/v1/tasks/{}", text(task, "/id")?)))
        .collect::<anyhow::Result<_>>()?;
    let length = Duration::from_secs(arguments.seconds);
    let begun = Instant::now();
    let people = (0..arguments.people).map(|_| {
        let (site, project, tasks) = (office.owner.clone(), project.to_owned(), tasks.clone());
        let mut dice = StdRng::from_rng(&mut rand::rng());
        tokio::spawn(async move {
            let (mut reads, mut writes) = (Samples::new()?, Samples::new()?);
            // Nobody comes at the same moment as everybody else.
            tokio::time::sleep(THINKING.mul_f64(dice.random())).await;
            while begun.elapsed() < length {
                let task = tasks
                    .get(dice.random_range(0..tasks.len()))
                    .context("a task")?;
                let (request, samples) = match dice.random_range(0..WRITES) {
                    0 => {
                        let title = format!("Renamed {}", dice.random::<u32>());
                        let request = site.request(Method::PATCH, task);
                        (request.json(&json!({"title": title})), &mut writes)
                    }
                    1 => {
                        let list = format!("/api/v1/projects/{project}/tasks");
                        (site.request(Method::GET, &list), &mut reads)
                    }
                    _ => (site.request(Method::GET, task), &mut reads),
                };
                let asked = Instant::now();
                let answer = request.send().await?;
                let status = answer.status();
                answer.bytes().await?;
                ensure!(status == StatusCode::OK, "the crowd is answered {status}");
                samples.add(asked.elapsed());
                tokio::time::sleep(THINKING).await;
            }
            anyhow::Ok((reads, writes))
        })
    });
    let (mut reads, mut writes) = (Samples::new()?, Samples::new()?);
    for person in try_join_all(people).await? {
        let (read, written) = person?;
        reads.merge(&read)?;
        writes.merge(&written)?;
    }
    let count = u32::try_from(reads.len() + writes.len())?;
    let people = arguments.people;
    report.note(
        PART,
        format!("{people} people, requests"),
        f64::from(count) / length.as_secs_f64(),
        "/s",
    );
    report.note(PART, "reads, p99", reads.ms(99.0), "ms");
    report.at_most(
        PART,
        "reads and writes without an error, p99 of writes",
        writes.ms(99.0),
        "ms",
        200.0,
    );
    Ok(())
}
