//! A unit of work: one transaction and the events it makes true.
//!
//! `begin → statements → emit → commit`. Without `commit` nothing has happened: dropping it rolls
//! back, whatever the moment.

use std::sync::atomic::{AtomicBool, Ordering};

use events::{Envelope, FleetWake};
use kernel::TenantId;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::Pools;
use crate::session::Session;

/// PostgreSQL cuts names longer than this (`NAMEDATALEN` - 1).
const NAME_BYTES: usize = 63;

/// A transaction in one tenant's database.
pub struct UnitOfWork {
    tenant: TenantId,
    session: Session,
    wake: FleetWake,
    emitted: AtomicBool,
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
            emitted: AtomicBool::new(false),
        })
    }

    /// The tenant whose database this is.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Writes an event that becomes true with the commit; the relay is woken then.
    pub async fn emit(&self, envelope: &Envelope) -> Result<(), DbErr> {
        self.emit_all(vec![envelope.clone()]).await
    }

    /// The same of many events, in their order.
    pub async fn emit_all(&self, envelopes: Vec<Envelope>) -> Result<(), DbErr> {
        let traceparent = httpkit::context::current().and_then(|now| now.traceparent.clone());
        let traced = |envelope: Envelope| match &envelope.traceparent {
            Some(_) => envelope,
            None => envelope.with_traceparent(traceparent.clone()),
        };
        let envelopes: Vec<Envelope> = envelopes.into_iter().map(traced).collect();
        match envelopes.as_slice() {
            [] => return Ok(()),
            [one] => events::outbox::emit(self, one).await?,
            many => events::outbox::emit_all(self, many).await?,
        }
        self.emitted.store(true, Ordering::Relaxed);
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
        self.session.execute_unprepared("commit").await?;
        self.session.lease_mut().set_in_transaction(false);
        if self.emitted.load(Ordering::Relaxed) {
            self.wake.wake(self.tenant);
        }
        Ok(())
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
