//! A unit of work: one transaction and the events it makes true.
//!
//! `begin → statements → emit → commit`. Without `commit` nothing has happened: dropping it rolls
//! back, whatever the moment. Events, and the journal's rows beside them, wait in memory and are written
//! by one statement right before the commit.

use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};

use events::{Envelope, FleetWake};
use kernel::TenantId;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use serde_json::Value;

use crate::Pools;
use crate::session::Session;

/// Events or rows that wait before they are written all the same.
const MOST_TOLD: usize = 500;
/// PostgreSQL cuts names longer than this (`NAMEDATALEN` - 1).
const NAME_BYTES: usize = 63;

/// A transaction in one tenant's database.
pub struct UnitOfWork {
    tenant: TenantId,
    session: Session,
    wake: FleetWake,
    /// The statement that writes [`Told::rows`].
    journal: Option<&'static str>,
    told: Mutex<Told>,
}

/// What is to be written before the commit.
#[derive(Default)]
struct Told {
    events: Vec<Envelope>,
    rows: Vec<Value>,
    /// How many events there were before these.
    emitted: usize,
    /// Whether a savepoint is open: what waited before it must not be written behind it.
    divided: bool,
}

/// A point of a unit of work that one can go back to.
#[derive(Debug)]
pub struct Savepoint {
    events: usize,
    rows: usize,
}

impl UnitOfWork {
    pub(crate) async fn begin(
        tenant: TenantId,
        mut session: Session,
        pools: &Pools,
    ) -> Result<Self, DbErr> {
        let begin = begin_statement();
        // Set first: a `begin` whose answer is not awaited may have begun all the same.
        session.lease_mut().set_in_transaction(true);
        if let Err(error) = session.execute_unprepared(&begin).await {
            if !session.died_unused().await || !pools.replace(tenant, &session).await {
                return Err(error);
            }
            session.lease_mut().set_in_transaction(true);
            session.execute_unprepared(&begin).await?;
        }
        Ok(Self {
            tenant,
            session,
            wake: pools.wake(),
            journal: pools.journal(),
            told: Mutex::default(),
        })
    }

    /// The tenant whose database this is.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Tells an event that becomes true with the commit; the relay is woken then.
    pub async fn emit(&self, envelope: &Envelope) -> Result<(), DbErr> {
        self.emit_all(vec![envelope.clone()]).await
    }

    /// The same of many events, in their order.
    pub async fn emit_all(&self, envelopes: Vec<Envelope>) -> Result<(), DbErr> {
        let traceparent = httpkit::context::current().and_then(|now| now.traceparent.clone());
        let traced = envelopes
            .into_iter()
            .map(|envelope| match &envelope.traceparent {
                Some(_) => envelope,
                None => envelope.with_traceparent(traceparent.clone()),
            });
        self.told().events.extend(traced);
        self.write_much().await
    }

    /// Adds a row to the journal of [`PoolSettings`](crate::PoolSettings), with the commit.
    pub async fn note(&self, row: Value) -> Result<(), DbErr> {
        self.told().rows.push(row);
        self.write_much().await
    }

    /// A point to which [`UnitOfWork::roll_back`] leads, until then or until it is released. There is one at a time.
    pub async fn savepoint(&self) -> Result<Savepoint, DbErr> {
        self.session.execute_unprepared("savepoint unit").await?;
        let mut told = self.told();
        told.divided = true;
        Ok(Savepoint {
            events: told.events.len(),
            rows: told.rows.len(),
        })
    }

    /// What was done and told since the point stays.
    pub async fn release(&self, _: Savepoint) -> Result<(), DbErr> {
        let release = "release savepoint unit";
        self.session.execute_unprepared(release).await?;
        self.told().divided = false;
        Ok(())
    }

    /// What was done and told since the point has not happened.
    pub async fn roll_back(&self, point: Savepoint) -> Result<(), DbErr> {
        let back = "rollback to savepoint unit";
        self.session.execute_unprepared(back).await?;
        let mut told = self.told();
        told.divided = false;
        told.events.truncate(point.events);
        told.rows.truncate(point.rows);
        Ok(())
    }

    /// Makes everything true at once.
    ///
    /// PostgreSQL answers `commit` of a failed transaction with a silent rollback; here that is an
    /// error, also where the statement's own error was swallowed.
    pub async fn commit(mut self) -> Result<(), DbErr> {
        if self.session.has_failed() {
            return Err(DbErr::Custom("commit after a failed statement".to_owned()));
        }
        self.write_told().await?;
        self.session.execute_unprepared("commit").await?;
        self.session.lease_mut().set_in_transaction(false);
        let emitted = self.told().emitted;
        if emitted > 0 {
            self.wake.wake(self.tenant, emitted);
        }
        Ok(())
    }

    /// Writes what was told when it is much.
    async fn write_much(&self) -> Result<(), DbErr> {
        let much = {
            let told = self.told();
            !told.divided && told.events.len().max(told.rows.len()) >= MOST_TOLD
        };
        if much {
            self.write_told().await
        } else {
            Ok(())
        }
    }

    async fn write_told(&self) -> Result<(), DbErr> {
        let (events, rows) = {
            let mut told = self.told();
            told.emitted += told.events.len();
            (take(&mut told.events), take(&mut told.rows))
        };
        match self.journal {
            _ if rows.is_empty() => events::outbox::emit_all(self, &events).await,
            Some(insert) => {
                events::outbox::emit_beside(self, &events, insert, Value::Array(rows)).await
            }
            None => Err(DbErr::Custom("there is no journal to note in".to_owned())),
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One round trip that begins and names the request in PostgreSQL's log and `pg_stat_activity`.
fn begin_statement() -> String {
    let context = httpkit::context::current();
    let request = context
        .as_ref()
        .map(|context| context.trace_id().unwrap_or(&context.request_id));
    match request.map(plain_name) {
        Some(name) if !name.is_empty() => {
            format!("begin; set local application_name = '{name}'")
        }
        Some(_) | None => "begin".to_owned(),
    }
}

/// What of an id may stand in a literal: the request id may have been written by a client.
fn plain_name(id: &str) -> String {
    id.chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .take(NAME_BYTES)
        .collect()
}

#[async_trait::async_trait]
impl ConnectionTrait for UnitOfWork {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.session.execute(&statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.session.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.session.query_one(&statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.session.query_all(&statement).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_a_request_cannot_leave_its_literal() {
        assert_eq!(plain_name("a1-b2'; drop table x; --"), "a1-b2droptablex--");
        assert_eq!(plain_name(&"x".repeat(100)).len(), NAME_BYTES);
    }
}
