//! One task created, read, changed or moved over and over: at the service, through the gateway, and as the same
//! statements from pgbench, which does nothing else.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use httpkit::Service;
use httpkit::tokens::{SERVICE_TOKEN_HEADER, ServiceSigner};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;
use uuid::Uuid;

use super::database::{Database, Ids, name};
use super::project;
use super::recorder::{Recorded, Recorder};
use crate::client::{Question, address, ask};
use crate::organization::{Organization, found, list, text};
use crate::report::Report;
use crate::settings::{Server, Work};

const CONNECTIONS: usize = 64;
const TASKS: u32 = 2_000;
/// Requests of one kind that are asked in turn.
const DIFFERENT: usize = 8_192;
/// Both sides work for a while before they are measured, so that statements are planned and caches filled.
const WARM: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(10);
/// What the service must reach of what pgbench does.
const LEAST: f64 = 0.6;
/// Number and title of the recorded task: nothing else in its statements is written like them.
const NUMBER: u32 = 700_001;
const TITLE: &str = "A title to be found again";

/// What is done with a task.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Read,
    Create,
    Update,
    Move,
}

/// What it is done to.
struct Target<'a> {
    task: &'a str,
    title: &'a str,
    column: &'a str,
}

/// Where it is done.
struct Place {
    project: String,
    columns: Vec<String>,
    /// Ids that are the same for every task.
    known: Vec<String>,
}

pub(super) async fn run(
    server: &Server,
    office: &Organization,
    database: &Database,
    report: &mut Report,
) -> anyhow::Result<()> {
    const PART: &str = "beside pgbench";
    let work = Work::from_environment()?;
    let place = Place::new(office, database).await?;
    let recorder = Recorder::new(server).await?;
    for deed in [Deed::Read, Deed::Create, Deed::Update, Deed::Move] {
        let target = Target {
            task: &id_of(1),
            title: TITLE,
            column: place.columns.last().context("a column")?,
        };
        let request = deed.ask(office, &place, &target);
        let recorded = recorder.record(&name(office), request).await?;
        let script = deed.script(&place, &recorded, &target)?;
        let direct = pgbench(server, office, &script).await?;
        let served = at_service(&work, office, &place, deed).await?;
        let through = through_gateway(&work, office, &place, deed).await?;
        let what = deed.name();
        report.note(
            PART,
            format!("{what}: statements"),
            count(recorded.len()),
            "",
        );
        report.note(PART, format!("{what}: pgbench"), direct, "/s");
        report.note(PART, format!("{what}: the service"), served, "/s");
        report.note(PART, format!("{what}: through the gateway"), through, "/s");
        report.at_least(
            PART,
            format!("{what}: of pgbench"),
            served / direct,
            "",
            LEAST,
        );
    }
    Ok(())
}

impl Place {
    async fn new(office: &Organization, database: &Database) -> anyhow::Result<Self> {
        let id = project(office, "Beside").await?;
        let tasks = i32::try_from(TASKS)?;
        database.add_tasks(&id, tasks, Ids::Counted).await?;
        database.number_from(&id, NUMBER).await?;
        let project = found(&office.owner, &format!("/api/v1/projects/{id}")).await?;
        let boards = found(&office.owner, &format!("/api/v1/projects/{id}/boards")).await?;
        let board = text(&boards, "/items/0/id")?;
        let whole = found(&office.owner, &format!("/api/v1/boards/{board}?cards=0")).await?;
        let columns: Vec<String> = list(&whole, "/columns")?
            .iter()
            .map(|column| Ok(text(column, "/id")?.to_owned()))
            .collect::<anyhow::Result<_>>()?;
        let mut known = vec![id.clone(), board.to_owned(), office.id.clone()];
        known.push(text(&project, "/workspace_id")?.to_owned());
        known.push(text(&project, "/created_by")?.to_owned());
        known.extend(columns.iter().cloned());
        Ok(Self {
            project: id,
            columns,
            known,
        })
    }
}

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "read a task",
            Self::Create => "create a task",
            Self::Update => "change a task",
            Self::Move => "move a task",
        }
    }

    /// Method, path and body.
    fn request(self, place: &Place, target: &Target<'_>) -> (Method, String, Option<Value>) {
        let Target {
            task,
            title,
            column,
        } = target;
        let project = &place.project;
        match self {
            Self::Read => (Method::GET, format!("/api/v1/tasks/{task}"), None),
            Self::Create => (
                Method::POST,
                format!("/api/v1/projects/{project}/tasks"),
                Some(json!({"title": title})),
            ),
            Self::Update => (
                Method::PATCH,
                format!("/api/v1/tasks/{task}"),
                Some(json!({"title": title})),
            ),
            Self::Move => (
                Method::PUT,
                format!("/api/v1/cards/{task}/move"),
                Some(json!({"column_id": column})),
            ),
        }
    }

    async fn ask(
        self,
        office: &Organization,
        place: &Place,
        target: &Target<'_>,
    ) -> anyhow::Result<()> {
        let (method, path, body) = self.request(place, target);
        let mut request = office.owner.request(method, &path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let said = answer.text().await?;
        ensure!(status.is_success(), "{path}: {status} {said}");
        Ok(())
    }

    /// Different requests of this kind, as they are written, to this host.
    fn written(
        self,
        office: &Organization,
        place: &Place,
        host: &str,
        more: &str,
    ) -> anyhow::Result<Arc<[String]>> {
        let mut dice = StdRng::from_rng(&mut rand::rng());
        let one = |_| {
            let target = Target {
                task: &id_of(dice.random_range(1..=TASKS)),
                title: &format!("Title {}", dice.random::<u32>()),
                column: place.columns.choose(&mut dice).context("a column")?,
            };
            let (method, path, body) = self.request(place, &target);
            let body = body.map_or_else(String::new, |body| body.to_string());
            Ok(format!(
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n{more}\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                office.token,
                body.len()
            ))
        };
        (0..DIFFERENT).map(one).collect()
    }

    /// What pgbench is to do: the recorded statements, of another task each time, and with new ids where the
    /// recorded ones were new.
    fn script(
        self,
        place: &Place,
        recorded: &[Recorded],
        target: &Target<'_>,
    ) -> anyhow::Result<String> {
        let mut values = HashMap::from([
            (target.task.to_owned(), uuid_of("task")),
            (
                NUMBER.to_string(),
                "(:new0::bigint % 2000000000)::integer".to_owned(),
            ),
            (TITLE.to_owned(), "'Title ' || :new0::bigint".to_owned()),
        ]);
        if self == Self::Move {
            let columns = place.columns.join(",");
            let any = format!("('{{{columns}}}'::uuid[])[:column::integer]");
            values.insert(target.column.to_owned(), any);
        }
        let mut body = String::new();
        for Recorded { sql, parameters } in recorded {
            // pgbench prepares one statement at a time.
            let mut sql = sql
                .split_once("; set local")
                .map_or(sql.as_str(), |(begin, _)| begin)
                .to_owned();
            for (index, parameter) in parameters.iter().enumerate().rev() {
                let value = match parameter {
                    Some(text) => value(text, &place.known, &mut values),
                    None => "null".to_owned(),
                };
                sql = sql.replace(&format!("${}", index + 1), &value);
            }
            writeln!(body, "{sql};")?;
        }
        let mut script = format!("\\set task random(1, {TASKS})\n");
        writeln!(script, "\\set column random(1, {})", place.columns.len())?;
        for index in 0..=values.len() {
            writeln!(
                script,
                "\\set new{index} random(1000000000, 9000000000000000)"
            )?;
        }
        Ok(script + &body)
    }
}

/// The ids in an array that PostgreSQL wrote, when none of them is the same each time.
fn new_ids<'a>(text: &'a str, known: &[String]) -> Option<impl Iterator<Item = &'a str>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let new = |id: &str| id.parse::<Uuid>().is_ok() && !known.iter().any(|one| one == id);
    inner.split(',').all(new).then(|| inner.split(','))
}

/// What stands for a recorded value: variables for the ids in it that are new each time.
fn value(text: &str, known: &[String], values: &mut HashMap<String, String>) -> String {
    if let Some(same) = variable(text, known, values) {
        return same;
    }
    if let Some(ids) = new_ids(text, known) {
        let ids = ids.filter_map(|id| variable(id, known, values));
        return format!("array[{}]", ids.collect::<Vec<_>>().join(","));
    }
    if !text.starts_with(['{', '[']) {
        return quoted(text);
    }
    if serde_json::from_str::<Value>(text).is_err() {
        return format!("{}::text[]", quoted(text));
    }
    let parts = text
        .split('"')
        .map(|part| match variable(part, known, values) {
            Some(new) => format!("{new}::text"),
            None => quoted(part),
        });
    format!(
        "({})::jsonb",
        parts.collect::<Vec<_>>().join(" || '\"' || ")
    )
}

/// What stands for a whole text that is something else each time.
fn variable(text: &str, known: &[String], values: &mut HashMap<String, String>) -> Option<String> {
    let new = values.len();
    let id = text.len() == 36 && text.parse::<Uuid>().is_ok();
    if id && !known.iter().any(|one| one == text) {
        let next = || uuid_of(&format!("new{new}"));
        values.entry(text.to_owned()).or_insert_with(next);
    }
    values.get(text).cloned()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Transactions a second.
async fn pgbench(server: &Server, office: &Organization, script: &str) -> anyhow::Result<f64> {
    let file = server.scratch.join("beside.sql");
    tokio::fs::write(&file, script).await?;
    let admin = &server.admin;
    let mut rate = 0.0;
    for time in [WARM, MEASURED] {
        let output = Command::new(&server.pgbench)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={CONNECTIONS}"))
            .arg(format!("--time={}", time.as_secs()))
            .arg(format!("--file={}", file.display()))
            .args(["--host", admin.host(), "--port", &admin.port().to_string()])
            .args(["--username", admin.user().unwrap_or_default()])
            .arg(name(office))
            .env("PGPASSWORD", admin.password().unwrap_or_default())
            .stdin(Stdio::null())
            .output()
            .await
            .context("run pgbench")?;
        let wrong = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success() && !wrong.contains("ERROR"),
            "pgbench: {wrong}"
        );
        let said = String::from_utf8_lossy(&output.stdout);
        let mut words = said
            .lines()
            .find_map(|line| line.strip_prefix("tps = "))
            .context("the rate of pgbench")?
            .split(' ');
        rate = words.next().unwrap_or_default().parse()?;
    }
    Ok(rate)
}

/// Requests a second at the service itself, as the gateway asks it. The token is good for a minute.
async fn at_service(
    work: &Work,
    office: &Organization,
    place: &Place,
    deed: Deed,
) -> anyhow::Result<f64> {
    let signer = ServiceSigner::new(&work.service_secret, Service::Gateway);
    let token = signer.token(Service::ProjectSvc, Some(office.id.parse()?))?;
    let more = format!("{SERVICE_TOKEN_HEADER}: {token}\r\nx-tenantry-client: 192.0.2.1\r\n");
    let requests = deed.written(office, place, "project-svc", &more)?;
    rate(address(&work.url)?, requests).await
}

/// Requests a second through the front door.
async fn through_gateway(
    work: &Work,
    office: &Organization,
    place: &Place,
    deed: Deed,
) -> anyhow::Result<f64> {
    let requests = deed.written(office, place, office.site.host(), "")?;
    rate(address(&work.gateway)?, requests).await
}

async fn rate(address: SocketAddr, requests: Arc<[String]>) -> anyhow::Result<f64> {
    let question = Question {
        address,
        requests,
        expected: "HTTP/1.1 20",
    };
    ask(&question, CONNECTIONS, WARM, None).await?;
    Ok(ask(&question, CONNECTIONS, MEASURED, None).await?.rate())
}

/// The id of a counted task.
fn id_of(number: u32) -> String {
    Uuid::from_u128(number.into()).to_string()
}

/// The same in pgbench, of a variable.
fn uuid_of(variable: &str) -> String {
    format!("lpad(to_hex(:{variable}::bigint), 32, '0')::uuid")
}

#[expect(clippy::cast_precision_loss, reason = "some million")]
fn count(number: usize) -> f64 {
    number as f64
}
