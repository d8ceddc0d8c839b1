//! One database moved from a version to another, over one connection and as few round trips as can be.
//!
//! A [`Session`] holds the database's advisory lock for as long as its connection lives. Before any step the
//! recorded steps must be a prefix of ours, each with our checksum; a step and its record commit together.

mod batch;
mod history;
mod index;

use std::time::Duration;

use futures::TryStreamExt;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::address::Address;
use crate::error::{Error, is_crowded, is_lock};
use crate::schema::{Migration, Schema};

/// Advisory lock of a database under migration; such locks are per database, so one key serves all.
pub(crate) const LOCK_KEY: i64 = 0x7465_6e61_6e74_7279;
/// Another session's step may take this long before we give up on the database.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);
const LOCK_POLL: Duration = Duration::from_millis(50);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two attempts to connect to a server that is full or starting.
const CONNECT_PAUSE: Duration = Duration::from_millis(250);
/// How long a step waits for a table's lock, attempt by attempt. Every request to that table queues behind
/// a waiting step, so the first attempts are short; there is none without a limit.
const LADDER_MS: [u32; 4] = [100, 250, 500, 1000];
/// Requests that queued behind an attempt get this long to pass.
const LADDER_PAUSE: Duration = Duration::from_millis(100);
/// For statements outside the ladder; a session that lost its client does not stay in a transaction.
const SESSION_OPTIONS: &str = "-c lock_timeout=2s -c client_min_messages=warning -c jit=off -c bytea_output=hex \
    -c idle_in_transaction_session_timeout=10s -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 \
    -c tcp_keepalives_count=3";

/// A connection that may migrate one database.
#[derive(Debug)]
pub struct Session {
    client: Client,
    driver: JoinHandle<()>,
    schema: Schema,
}

/// What a trial run found.
#[derive(Debug)]
pub struct Rehearsal {
    /// So many steps would be behind the database.
    pub reached: usize,
    /// The step it ended before, because it cannot run inside a transaction.
    pub not_tried: Option<&'static str>,
}

impl Session {
    /// Connects as the schema's owner and waits for the database's lock.
    pub async fn open(address: &Address, schema: Schema) -> Result<Self, Error> {
        let session = Self::connect(address, schema).await?;
        session.lock(LOCK_PATIENCE).await?;
        Ok(session)
    }

    /// Connects without the lock: enough for [`Session::steps`].
    pub async fn connect(address: &Address, schema: Schema) -> Result<Self, Error> {
        let config = config(address, schema.owner);
        let deadline = Instant::now() + CONNECT_TIMEOUT;
        loop {
            let attempt = tokio::time::timeout_at(deadline, config.connect(NoTls)).await;
            let attempt = attempt.map_err(|_elapsed| Error::NoAnswer(CONNECT_TIMEOUT.as_secs()))?;
            match attempt {
                Ok((client, connection)) => {
                    // The connection's end is told by the next query.
                    let driver = tokio::spawn(async move { drop(connection.await) });
                    return Ok(Self {
                        client,
                        driver,
                        schema,
                    });
                }
                Err(error) if is_crowded(&error) && Instant::now() < deadline => {
                    tokio::time::sleep(CONNECT_PAUSE).await;
                }
                Err(error) => return Err(Error::Connect(error)),
            }
        }
    }

    /// Takes the database's lock within `patience` and answers how many steps it has behind it, both in
    /// one round trip.
    // Polled, never waited for: an index built concurrently waits for every session that waits for
    // a lock, so two migrators would wait for each other.
    pub async fn lock(&self, patience: Duration) -> Result<usize, Error> {
        let deadline = Instant::now() + patience;
        loop {
            let (taken, steps) = self.try_lock().await?;
            if taken {
                return steps;
            }
            if Instant::now() >= deadline {
                return Err(Error::Locked);
            }
            tokio::time::sleep(LOCK_POLL).await;
        }
    }

    /// How many steps the database has behind it; refuses a history that is not ours.
    pub async fn steps(&self) -> Result<usize, Error> {
        match self.client.simple_query(history::READ).await {
            Ok(messages) => history::check(self.schema, &messages),
            Err(error) if history::is_missing(&error) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks `sql`, and how many steps the database has behind it, in one round trip.
    pub async fn ask(&self, sql: &str) -> Result<(usize, Vec<SimpleQueryMessage>), Error> {
        let sql = format!("{sql};\n{}", history::READ);
        let messages = self.client.simple_query(&sql).await?;
        Ok((history::check(self.schema, &messages)?, messages))
    }

    /// Takes the steps up to `target`; does nothing when the database is there or beyond.
    pub async fn up(&self, target: usize) -> Result<(), Error> {
        let at = self.steps().await?;
        self.advance(at, target).await.1
    }

    /// Takes the steps back to `target`; does nothing when the database is there or before.
    pub async fn down(&self, target: usize) -> Result<(), Error> {
        let at = self.steps().await?;
        self.retreat(at, target).await.1
    }

    /// [`Session::up`] for a database known to have `at` steps behind it; answers how many it has afterwards,
    /// by its own record, whatever happened.
    pub async fn advance(&self, mut at: usize, target: usize) -> (usize, Result<(), Error>) {
        let mut attempt = 0;
        while let Some(next) = self.schema.migrations.get(at).filter(|_| at < target) {
            let (reached, result) = match next.transactional {
                true => self.together(at, target, attempt).await,
                false => self.alone(next, at).await,
            };
            let verdict = self.judge(next, at, reached, result, &mut attempt).await;
            at = reached;
            if verdict.is_err() {
                return (at, verdict);
            }
        }
        (at, Ok(()))
    }

    /// [`Session::down`] for a database known to have `at` steps behind it, likewise.
    pub async fn retreat(&self, mut at: usize, target: usize) -> (usize, Result<(), Error>) {
        let mut attempt = 0;
        while let Some(last) = self.last(at).filter(|_| at > target) {
            let (reached, result) = match last.transactional {
                true => self.back(last, at, attempt).await,
                false => self.back_alone(last, at).await,
            };
            let verdict = self.judge(last, at, reached, result, &mut attempt).await;
            at = reached;
            if verdict.is_err() {
                return (at, verdict);
            }
        }
        (at, Ok(()))
    }

    /// Runs the steps from `at` to `target`, whichever way that is, in one transaction and rolls it back.
    pub async fn rehearse(&self, at: usize, target: usize) -> Result<Rehearsal, Error> {
        let all = self.schema.migrations;
        let steps: Vec<(&Migration, &str)> = match target < at {
            true => {
                let back = all.iter().take(at).skip(target).rev();
                back.map(|step| (step, step.down)).collect()
            }
            false => {
                let ahead = all.iter().take(target).skip(at);
                ahead.map(|step| (step, step.up)).collect()
            }
        };
        let tried = steps
            .iter()
            .take_while(|(step, _)| step.transactional)
            .count();
        let texts = steps.iter().take(tried).map(|(_, sql)| *sql);
        let mut begun = 0;
        let sql = batch::rehearsal(texts, longest_wait());
        if let Err(source) = self.watch(&sql, &mut begun).await {
            drop(self.client.batch_execute("rollback").await);
            let failed = steps.get(begun.saturating_sub(1));
            return Err(match failed {
                Some((step, _)) => Error::Step {
                    version: step.name,
                    source,
                },
                None => source.into(),
            });
        }
        Ok(Rehearsal {
            reached: if target < at { at - tried } else { at + tried },
            not_tried: steps.get(tried).map(|(step, _)| step.name),
        })
    }

    /// The connection itself, for reading what a step made.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Ends the session and with it the lock.
    pub async fn close(self) {
        drop(self.client);
        // The server frees the lock with the connection, however it ends.
        drop(self.driver.await);
    }

    async fn try_lock(&self) -> Result<(bool, Result<usize, Error>), Error> {
        let messages = match self.client.simple_query(&history::lock_and_read()).await {
            Ok(messages) => messages,
            Err(error) if history::is_missing(&error) => {
                let taken = self.client.simple_query(&history::lock()).await?;
                return Ok((history::is_taken(&taken), Ok(0)));
            }
            Err(error) => return Err(error.into()),
        };
        Ok((
            history::is_taken(&messages),
            history::check(self.schema, &messages),
        ))
    }

    /// All transactional steps that follow, each its own transaction, in one round trip.
    async fn together(&self, at: usize, target: usize, attempt: usize) -> Attempt {
        let ahead = self.schema.migrations.iter().take(target).skip(at);
        let steps = ahead.take_while(|step| step.transactional);
        let sql = batch::up(steps, at == 0, rung(attempt));
        self.recorded(&sql, at).await
    }

    async fn back(&self, last: &Migration, at: usize, attempt: usize) -> Attempt {
        self.recorded(&batch::down(last, rung(attempt)), at).await
    }

    /// Sends a batch that ends with the history; answers where the database stands, whatever happened.
    async fn recorded(&self, sql: &str, at: usize) -> Attempt {
        match self.client.simple_query(sql).await {
            Ok(messages) => match history::check(self.schema, &messages) {
                Ok(reached) => (reached, Ok(())),
                Err(error) => (at, Err(error)),
            },
            Err(error) => (self.after_failure(at).await, Err(error.into())),
        }
    }

    async fn after_failure(&self, at: usize) -> usize {
        // A broken connection has nothing to roll back, and nothing more is known of the database.
        drop(self.client.batch_execute("rollback").await);
        self.steps().await.unwrap_or(at)
    }

    /// Decides whether an attempt at `step` is to be followed by another or a next step.
    async fn judge(
        &self,
        step: &Migration,
        at: usize,
        reached: usize,
        result: Result<(), Error>,
        attempt: &mut usize,
    ) -> Result<(), Error> {
        let source = match result {
            Ok(()) if reached == at => return Err(Error::NotRecorded { version: step.name }),
            Ok(()) => {
                *attempt = 0;
                return Ok(());
            }
            Err(Error::Database(source)) => source,
            Err(error) => return Err(error),
        };
        if reached != at {
            *attempt = 0;
        }
        *attempt += 1;
        if is_lock(&source) && *attempt < LADDER_MS.len() {
            tokio::time::sleep(LADDER_PAUSE).await;
            return Ok(());
        }
        // Steps of the same batch may have gone through before the one that failed.
        let failed = match reached > at {
            true => self.schema.migrations.get(reached).unwrap_or(step),
            false => step,
        };
        let version = failed.name;
        Err(Error::Step { version, source })
    }

    fn last(&self, at: usize) -> Option<&'static Migration> {
        self.schema.migrations.get(at.checked_sub(1)?)
    }

    /// Runs a batch, counting the markers that come by.
    async fn watch(&self, sql: &str, markers: &mut usize) -> Result<(), tokio_postgres::Error> {
        let stream = self.client.simple_query_raw(sql).await?;
        let mut stream = std::pin::pin!(stream);
        while let Some(message) = stream.try_next().await? {
            let marker = |name: &str| name == batch::MARKER;
            if let SimpleQueryMessage::RowDescription(columns) = message
                && columns.iter().any(|column| marker(column.name()))
            {
                *markers += 1;
            }
        }
        Ok(())
    }
}

/// Where a database stands after an attempt, and how the attempt went.
type Attempt = (usize, Result<(), Error>);

fn rung(attempt: usize) -> u32 {
    LADDER_MS.get(attempt).copied().unwrap_or_else(longest_wait)
}

fn longest_wait() -> u32 {
    LADDER_MS.last().copied().unwrap_or_default()
}

fn config(address: &Address, owner: Option<&str>) -> Config {
    let mut config = address.config().clone();
    let role = owner
        .map(|owner| format!(" -c role={owner}"))
        .unwrap_or_default();
    config
        .application_name("migrator")
        .options(format!("{SESSION_OPTIONS}{role}"))
        .connect_timeout(CONNECT_TIMEOUT);
    config
}
