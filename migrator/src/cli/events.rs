//! `migrator events`

use chrono::{DateTime, SecondsFormat, Utc};
use clap::{ArgGroup, Args, Subcommand};
use events::Amqp;
use events::dead::{DeadLetters, Fate, Letter};
use events::queues;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Exit;
use super::args::{Settings, UsageError};
use super::output::{Output, Tone, optional, plain};

const DEAD_HELP: &str = "\
Events that a service gave up: unreadable ones at once, others after five tries in eleven minutes. Each queue of a service
has a queue of dead ones beside it; nobody else waits for them. `list` tells ids, types and reasons, `show` the event itself.

Examples:
  migrator events dead list
  migrator events dead list --queue analytics.events --type task.created --json
  migrator events dead show 01a200a3-60a4-70f8-a313-d918b827c25d
  migrator events dead replay 01a200a3-60a4-70f8-a313-d918b827c25d
  migrator events dead replay --all --queue project-svc.people
  migrator events dead drop --all --type link.accessed --yes";

const REPLAY_HELP: &str = "\
An event goes back to the service that gave it up, past all others, and begins its tries anew. Each is confirmed by the broker
before its dead copy goes: the command may be killed at any moment, at worst the service gets an event twice and
knows it by its id.

Examples:
  migrator events dead replay --all
  migrator events dead replay --all --queue analytics.events --type task.created";

const DROP_HELP: &str = "\
Example:
  migrator events dead drop --all --queue analytics.events --yes";

/// Bytes of a body's digest that name an event without an id.
const NAME_BYTES: usize = 8;

#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Look after events that a service gave up
    #[command(after_help = DEAD_HELP)]
    Dead(DeadArgs),
}

#[derive(Debug, Args)]
struct DeadArgs {
    #[command(subcommand)]
    command: DeadCommand,
}

#[derive(Debug, Subcommand)]
enum DeadCommand {
    /// List them, with the last reason of each
    List {
        #[command(flatten)]
        choice: Choice,
        /// Look at so many of each queue at most
        #[arg(long, value_name = "N", default_value_t = 1_000)]
        limit: u32,
    },
    /// Show one, with all its failures and what it tells
    Show {
        /// Its id
        id: String,
        /// Only of the service that has this queue
        #[arg(long, value_name = "QUEUE")]
        queue: Option<String>,
    },
    /// Give them to their service again
    #[command(after_help = REPLAY_HELP)]
    Replay(Chosen),
    /// Remove them for good
    #[command(after_help = DROP_HELP)]
    Drop {
        #[command(flatten)]
        chosen: Chosen,
        /// Yes, what they tell is lost
        #[arg(long, required = true)]
        yes: bool,
    },
}

/// Which of them.
#[derive(Debug, Args)]
struct Choice {
    /// Only of the service that has this queue
    #[arg(long, value_name = "QUEUE")]
    queue: Option<String>,
    /// Only events of this type, like task.created
    #[arg(id = "kind", long = "type", value_name = "TYPE")]
    kind: Option<String>,
}

/// One, or all that are chosen.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["id", "all"]))]
struct Chosen {
    /// The id of one
    id: Option<String>,
    /// All of them
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    choice: Choice,
}

/// A dead event, as `list` tells it.
#[derive(Debug, Serialize)]
struct Line {
    queue: String,
    id: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    tries: usize,
    failed_at: Option<DateTime<Utc>>,
    reason: Option<String>,
}

/// A dead event, as `show` tells it.
#[derive(Debug, Serialize)]
struct Page {
    #[serde(flatten)]
    line: Line,
    failures: Vec<Tried>,
    /// The event, or its text where it is no JSON.
    event: Value,
}

#[derive(Debug, Serialize)]
struct Tried {
    at: DateTime<Utc>,
    reason: String,
}

/// Dispatches.
pub(super) async fn events(
    settings: &Settings,
    output: &Output,
    args: &EventsArgs,
) -> anyhow::Result<Exit> {
    let EventsCommand::Dead(args) = &args.command;
    let letters = DeadLetters::open(&Amqp::new(settings.amqp()?, "migrator")?).await?;
    let desk = Desk { letters, output };
    match &args.command {
        DeadCommand::List { choice, limit } => desk.list(choice, *limit).await,
        DeadCommand::Show { id, queue } => desk.show(id, queue.as_deref()).await,
        DeadCommand::Replay(chosen) => desk.settle(chosen, Fate::Replay).await,
        DeadCommand::Drop { chosen, yes: _ } => desk.settle(chosen, Fate::Drop).await,
    }
}

struct Desk<'a> {
    letters: DeadLetters,
    output: &'a Output,
}

impl Desk<'_> {
    async fn list(&self, choice: &Choice, limit: u32) -> anyhow::Result<Exit> {
        let mut lines = Vec::new();
        let mut unseen = 0;
        for queue in self.queues(choice.queue.as_deref()).await? {
            let walk = self.letters.walk(queue, limit, |letter| {
                if choice.takes(letter) {
                    lines.push(line(queue, letter));
                }
                Fate::Keep
            });
            unseen += walk.await?;
        }
        lines.sort_by_key(|line| line.failed_at);
        let document = serde_json::json!({ "dead": lines, "unseen": unseen });
        self.output.answer(&document, || self.table(&lines))?;
        if unseen > 0 {
            let text = format!("{unseen} more were not looked at; see --limit");
            self.output.remark(&text);
        }
        Ok(Exit::Done)
    }

    async fn show(&self, id: &str, queue: Option<&str>) -> anyhow::Result<Exit> {
        let mut pages = Vec::new();
        for queue in self.queues(queue).await? {
            let walk = self.letters.walk(queue, u32::MAX, |letter| {
                if name(letter) == id {
                    pages.push(page(queue, letter));
                }
                Fate::Keep
            });
            walk.await?;
        }
        anyhow::ensure!(!pages.is_empty(), "no dead event has the id {id}");
        let text = || pages.iter().map(text).collect::<Vec<_>>().join("\n\n");
        self.output.answer(&pages, text)?;
        Ok(Exit::Done)
    }

    /// What was settled is told even if the broker goes away in the middle.
    async fn settle(&self, chosen: &Chosen, fate: Fate) -> anyhow::Result<Exit> {
        let mut ids: Vec<String> = Vec::new();
        let mut outcome = Ok(());
        for queue in self.queues(chosen.choice.queue.as_deref()).await? {
            let walk = self.letters.walk(queue, u32::MAX, |letter| {
                if !chosen.takes(letter) {
                    return Fate::Keep;
                }
                ids.push(name(letter));
                fate
            });
            outcome = walk.await.map(|_| ());
            if outcome.is_err() {
                // The last one may or may not be settled: it is still there if not.
                ids.pop();
                break;
            }
        }
        let done = match fate {
            Fate::Replay => "replayed",
            Fate::Drop | Fate::Keep => "dropped",
        };
        let document = serde_json::json!({ done: ids });
        self.output
            .answer(&document, || format!("{} {done}", ids.len()))?;
        outcome?;
        if let (Some(id), []) = (&chosen.id, &ids[..]) {
            anyhow::bail!("no dead event has the id {id}");
        }
        Ok(Exit::Done)
    }

    /// The one that was asked for, or all whose service was ever there.
    async fn queues<'q>(&self, asked: Option<&'q str>) -> anyhow::Result<Vec<&'q str>> {
        let Some(queue) = asked else {
            let mut found = Vec::new();
            for queue in queues::ALL {
                if self.letters.has(queue).await? {
                    found.push(queue);
                }
            }
            return Ok(found);
        };
        match self.letters.has(queue).await? {
            true => Ok(vec![queue]),
            false => Err(UsageError::Refused("no service has such a queue").into()),
        }
    }

    fn table(&self, lines: &[Line]) -> String {
        if lines.is_empty() {
            return "no event is dead".to_owned();
        }
        let rows = lines.iter().map(|line| {
            vec![
                plain(line.failed_at.map_or_else(|| "-".to_owned(), moment)),
                plain(&line.queue),
                plain(&line.id),
                optional(line.kind.as_deref()),
                plain(line.tries.to_string()),
                (line.reason.clone().unwrap_or_default(), Tone::Bad),
            ]
        });
        let header = ["dead since", "queue", "id", "type", "tries", "reason"];
        self.output.table(&header, rows.collect())
    }
}

impl Choice {
    fn takes(&self, letter: &Letter) -> bool {
        self.kind.is_none() || self.kind == letter.kind
    }
}

impl Chosen {
    fn takes(&self, letter: &Letter) -> bool {
        let this = self.id.as_ref().is_none_or(|id| *id == name(letter));
        this && self.choice.takes(letter)
    }
}

/// The event's id; one that came without is named by what it says.
fn name(letter: &Letter) -> String {
    letter.id.clone().unwrap_or_else(|| {
        let digest = Sha256::digest(&letter.body);
        let first = digest.iter().take(NAME_BYTES);
        first.map(|byte| format!("{byte:02x}")).collect()
    })
}

fn line(queue: &str, letter: &Letter) -> Line {
    let last = letter.failures.last();
    Line {
        queue: queue.to_owned(),
        id: name(letter),
        kind: letter.kind.clone(),
        tries: letter.failures.len(),
        failed_at: last.map(|failure| failure.at),
        reason: last.map(|failure| failure.reason.clone()),
    }
}

fn page(queue: &str, letter: &Letter) -> Page {
    let tried = letter.failures.iter().map(|failure| Tried {
        at: failure.at,
        reason: failure.reason.clone(),
    });
    Page {
        line: line(queue, letter),
        failures: tried.collect(),
        event: serde_json::from_slice(&letter.body)
            .unwrap_or_else(|_| String::from_utf8_lossy(&letter.body).into()),
    }
}

fn text(page: &Page) -> String {
    let kind = page.line.kind.as_deref().unwrap_or("-");
    let mut text = format!("{}  {kind}  in {}\n", page.line.id, page.line.queue);
    for tried in &page.failures {
        text.push_str(&format!("  {}  {}\n", moment(tried.at), tried.reason));
    }
    text.push_str(&match &page.event {
        Value::String(text) => text.clone(),
        event => format!("{event:#}"),
    });
    text
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
