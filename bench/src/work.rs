//! The daily work of a large organization: a wide board, filters and full text over many tasks, and a crowd.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use futures::future::try_join_all;
use migrator::Address;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::header::ACCEPT_ENCODING;
use reqwest::{Method, StatusCode};
use serde_json::json;
use testkit::Site;
use tokio_postgres::NoTls;

use crate::organization::{Organization, created, found, list, text};
use crate::report::Report;
use crate::samples::Samples;
use crate::settings::{Server, front};

const BOARD_COLUMNS: i32 = 250;
const BOARD_TASKS: i32 = 4_000;
const MANY_TASKS: i32 = 50_000;
/// Requests of one kind, one after the other.
const ROUNDS: usize = 100;
/// What a person of the crowd does between two requests.
const THINKING: Duration = Duration::from_secs(2);
/// One request of so many changes something.
const WRITES: u32 = 5;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
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
    let office = Organization::sign_up(&front()?).await?;
    let database = Database::of(&office).await?;
    wide_board(&office, &database, &mut report).await?;
    let project = many_tasks(&office, &database).await?;
    questions(&office, &project, &mut report).await?;
    crowd(&office, &project, arguments, &mut report).await?;
    report.keep(arguments.json.as_deref())?;
    Ok(report)
}

/// The organization's database, as the operator: thousands of rows through the front door would take minutes.
struct Database(tokio_postgres::Client);

impl Database {
    async fn of(office: &Organization) -> anyhow::Result<Self> {
        let address: Address = Server::from_environment()?.admin;
        let name = format!("tenant_{}", office.id.replace('-', ""));
        let address = address.with_database(&name);
        let (client, connection) = address.config().connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(Self(client))
    }

    /// Tasks dealt to the columns of the project's first board in turn; every third has somebody to do it.
    async fn add_tasks(&self, project: &str, count: i32) -> anyhow::Result<()> {
        let sql = format!(
            "with place as (
                select c.id, c.board_id, c.category, p.id as project_id, p.created_by,
                    row_number() over (order by c.order_key, c.id) - 1 as nth, count(*) over () as columns
                from projects p join boards b on b.project_id = p.id join columns c on c.board_id = b.id
                where p.id = '{project}'
            ), made as (
                insert into tasks (id, project_id, board_id, column_id, number, title, description, status, priority,
                    order_key, due_date, created_by, created_at, updated_at)
                select gen_random_uuid(), project_id, board_id, place.id, n,
                    'Task ' || n || ' ' || (array['rocket', 'harbour', 'violin', 'lantern', 'meadow'])[1 + n % 5]
                        || ' ' || md5(n::text),
                    repeat('What is to be done about ' || md5((n * 7)::text) || '. ', 8), category,
                    (array['low', 'medium', 'high', 'urgent'])[1 + n % 4],
                    lpad(to_hex(n), 8, '0') || '80', current_date + n % 60, created_by,
                    now() - n * interval '1 minute', now() - n * interval '1 minute'
                from generate_series(1, {count}) as n join place on place.nth = n % place.columns
                returning id, number, created_by
            )
            insert into task_assignees (task_id, user_id) select id, created_by from made where number % 3 = 0"
        );
        self.0.batch_execute(&sql).await?;
        let next =
            format!("update projects set next_task_number = {count} + 1 where id = '{project}'");
        self.0.batch_execute(&next).await?;
        self.0.batch_execute("analyze").await?;
        Ok(())
    }

    async fn add_columns(&self, board: &str, count: i32) -> anyhow::Result<()> {
        let sql = format!(
            "insert into columns (id, board_id, name, category, order_key)
             select gen_random_uuid(), '{board}', 'Column ' || n, 'todo', 'c0' || lpad(to_hex(n), 6, '0') || '80'
             from generate_series(1, {count}) as n"
        );
        Ok(self.0.batch_execute(&sql).await?)
    }
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
    database.add_tasks(&project, BOARD_TASKS).await?;

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
    database.add_tasks(&project, MANY_TASKS).await?;
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

/// People with a connection each, who look at tasks, lists and boards, and change a task now and then.
async fn crowd(
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
