//! The daily work of a large organization: a wide board, filters and full text over many tasks, a crowd, and the same
//! statements from pgbench.

mod beside;
mod crowd;
mod database;
mod recorder;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::ensure;
use clap::{Args, ValueEnum};
use reqwest::header::ACCEPT_ENCODING;
use reqwest::{Method, StatusCode};
use serde_json::json;
use testkit::Site;

use self::database::{Database, Ids};
use crate::organization::{Organization, created, found, list, text};
use crate::report::Report;
use crate::samples::Samples;
use crate::settings::{Server, front};

const BOARD_COLUMNS: i32 = 250;
const BOARD_TASKS: i32 = 4_000;
const MANY_TASKS: i32 = 50_000;
/// Requests of one kind, one after the other.
const ROUNDS: usize = 100;

/// What can be measured alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A wide board
    Board,
    /// Filters and full text over many tasks
    Questions,
    /// The same statements from pgbench
    Beside,
    /// Many people at once
    Crowd,
}

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What to measure; all when left out
    #[arg(long, value_enum, value_delimiter = ',')]
    part: Vec<Part>,
    /// People of the crowd, each with a connection
    #[arg(long, default_value_t = 1_000)]
    people: usize,
    /// How long the crowd works
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
    /// Also write the figures to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures on a system of its own.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let server = Server::from_environment()?;
    let office = Organization::sign_up(&front()?).await?;
    let database = Database::of(&server, &office).await?;
    let wanted = |part| arguments.part.is_empty() || arguments.part.contains(&part);
    if wanted(Part::Board) {
        wide_board(&office, &database, &mut report).await?;
    }
    if wanted(Part::Beside) {
        beside::run(&server, &office, &database, &mut report).await?;
    }
    if wanted(Part::Questions) || wanted(Part::Crowd) {
        let project = many_tasks(&office, &database).await?;
        if wanted(Part::Questions) {
            questions(&office, &project, &mut report).await?;
        }
        if wanted(Part::Crowd) {
            crowd::run(&office, &project, arguments, &mut report).await?;
        }
    }
    report.keep(arguments.json.as_deref())?;
    Ok(report)
}

async fn project(office: &Organization, name: &str) -> anyhow::Result<String> {
    let made = created(&office.owner, "/api/v1/projects", &json!({"name": name})).await?;
    Ok(text(&made, "/id")?.to_owned())
}

async fn wide_board(
    office: &Organization,
    database: &Database,
    report: &mut Report,
) -> anyhow::Result<()> {
    const PART: &str = "board";
    let project = project(office, "Wide").await?;
    let boards = found(&office.owner, &format!("/api/v1/projects/{project}/boards")).await?;
    let board = text(&boards, "/items/0/id")?;
    let columns = found(&office.owner, &format!("/api/v1/boards/{board}/columns")).await?;
    let columns = columns
        .as_array()
        .map_or_else(|| list(&columns, "/items"), |all| Ok(all))?;
    let usual = i32::try_from(columns.len())?;
    database.add_columns(board, BOARD_COLUMNS - usual).await?;
    database
        .add_tasks(&project, BOARD_TASKS, Ids::Random)
        .await?;

    let path = format!("/api/v1/boards/{board}");
    let whole = found(&office.owner, &path).await?;
    let cards = list(&whole, "/columns")?.iter();
    let cards = cards.map(|column| list(column, "/cards/items").map(<[_]>::len));
    let cards: usize = cards.sum::<anyhow::Result<_>>()?;
    ensure!(
        cards == usize::try_from(BOARD_TASKS)?,
        "{cards} cards on the board"
    );
    let (samples, bytes) = time(&office.owner, &path).await?;
    let what = format!("{BOARD_TASKS} tasks in {BOARD_COLUMNS} columns");
    report.note(PART, format!("{what}, p50"), samples.ms(50.0), "ms");
    report.at_most(PART, format!("{what}, p95"), samples.ms(95.0), "ms", 200.0);
    report.at_most(PART, "compressed body", kib(bytes), "KiB", 300.0);
    Ok(())
}

async fn many_tasks(office: &Organization, database: &Database) -> anyhow::Result<String> {
    let project = project(office, "Many").await?;
    database
        .add_tasks(&project, MANY_TASKS, Ids::Random)
        .await?;
    Ok(project)
}

async fn questions(
    office: &Organization,
    project: &str,
    report: &mut Report,
) -> anyhow::Result<()> {
    const PART: &str = "questions";
    for filter in [
        "assignee:me status:in_progress",
        "assignee:me due:<7d priority:>=high",
        "priority:urgent -assignee:me sort:due",
        "is:overdue OR is:unassigned",
    ] {
        let path = path_with(
            &format!("/api/v1/projects/{project}/tasks"),
            "filter",
            filter,
        );
        let (samples, _) = time(&office.owner, &path).await?;
        report.at_most(
            PART,
            format!("{filter}, p95"),
            samples.ms(95.0),
            "ms",
            100.0,
        );
    }
    for words in ["rocket", "harbour lant", "\"task 4711\"", "violni"] {
        let path = path_with("/api/v1/search", "q", words);
        let (samples, _) = time(&office.owner, &path).await?;
        report.at_most(
            PART,
            format!("full text: {words}, p95"),
            samples.ms(95.0),
            "ms",
            150.0,
        );
    }
    Ok(())
}

/// How long the answer takes from the first byte asked to the last one read, and how long it is on the wire.
async fn time(site: &Site, path: &str) -> anyhow::Result<(Samples, usize)> {
    let (mut samples, mut length) = (Samples::new()?, 0);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let request = site
            .request(Method::GET, path)
            .header(ACCEPT_ENCODING, "br, gzip");
        let answer = request.send().await?;
        ensure!(
            answer.status() == StatusCode::OK,
            "{path}: {}",
            answer.status()
        );
        length = answer.bytes().await?.len();
        samples.add(begun.elapsed());
    }
    Ok((samples, length))
}

fn path_with(path: &str, name: &str, value: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(name, value)
        .finish();
    format!("{path}?{query}")
}

#[expect(clippy::cast_precision_loss, reason = "some hundred thousand bytes")]
fn kib(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}
