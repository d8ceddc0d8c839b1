//! Running sea-orm's statements on a leased connection, one at a time.
//!
//! Each is logged at debug under the target `tenancy::sql`, with its text and duration, never its
//! values, inside the span of the request it belongs to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use sea_orm::{DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgQueryResult, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Executor, Postgres};
use tokio::sync::{Mutex, MutexGuard};

use crate::pool::Lease;

/// A leased connection behind a shared reference, as sea-orm wants it.
pub(crate) struct Session {
    lease: Mutex<Lease>,
    failed: AtomicBool,
    /// Nothing was done with it yet. An idle connection may have died since it was last seen alive.
    unused: AtomicBool,
}

impl Session {
    pub(crate) fn new(lease: Lease) -> Self {
        Self {
            lease: Mutex::new(lease),
            failed: AtomicBool::new(false),
            unused: AtomicBool::new(true),
        }
    }

    /// Whether its first statement found the connection dead: nothing has happened then that another
    /// connection could do twice, if that statement changed nothing outside of the session.
    pub(crate) async fn died_unused(&self) -> bool {
        self.unused.load(Ordering::Relaxed) && self.lease.lock().await.is_lost()
    }

    /// Goes on with another connection, which is not replaced again.
    pub(crate) async fn replace(&self, lease: Lease) {
        *self.lease.lock().await = lease;
        self.failed.store(false, Ordering::Relaxed);
        self.unused.store(false, Ordering::Relaxed);
    }

    /// Whether a statement has failed: PostgreSQL then refuses all others of its transaction.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub(crate) async fn is_current(&self) -> bool {
        self.lease.lock().await.is_current()
    }

    pub(crate) fn lease_mut(&mut self) -> &mut Lease {
        self.lease.get_mut()
    }

    pub(crate) async fn execute(&self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let mut lease = self.lease.lock().await;
        let started = Instant::now();
        let result: Result<PgQueryResult, sqlx::Error> = match lease.begin_statement() {
            Ok(connection) => bind(statement).execute(connection).await,
            Err(error) => Err(error),
        };
        self.end(lease, &statement.sql, started, &result);
        result.map(ExecResult::from).map_err(exec_error)
    }

    /// Sends text as it is, by the simple protocol: several statements are one round trip.
    pub(crate) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut lease = self.lease.lock().await;
        let started = Instant::now();
        let result = match lease.begin_statement() {
            Ok(connection) => connection.execute(AssertSqlSafe(sql.to_owned())).await,
            Err(error) => Err(error),
        };
        self.end(lease, sql, started, &result);
        result.map(ExecResult::from).map_err(exec_error)
    }

    pub(crate) async fn query_one(
        &self,
        statement: &Statement,
    ) -> Result<Option<QueryResult>, DbErr> {
        let mut lease = self.lease.lock().await;
        let started = Instant::now();
        let result: Result<Option<PgRow>, sqlx::Error> = match lease.begin_statement() {
            Ok(connection) => bind(statement).fetch_optional(connection).await,
            Err(error) => Err(error),
        };
        self.end(lease, &statement.sql, started, &result);
        let row = result.map_err(query_error)?;
        Ok(row.map(QueryResult::from))
    }

    pub(crate) async fn query_all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.lease.lock().await;
        let started = Instant::now();
        let result: Result<Vec<PgRow>, sqlx::Error> = match lease.begin_statement() {
            Ok(connection) => bind(statement).fetch_all(connection).await,
            Err(error) => Err(error),
        };
        self.end(lease, &statement.sql, started, &result);
        let rows = result.map_err(query_error)?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    fn end<T>(
        &self,
        mut lease: MutexGuard<'_, Lease>,
        sql: &str,
        started: Instant,
        result: &Result<T, sqlx::Error>,
    ) {
        lease.end_statement(result);
        if result.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        } else {
            self.unused.store(false, Ordering::Relaxed);
        }
        tracing::debug!(
            target: "tenancy::sql",
            statement = sql,
            duration_ms = started.elapsed().as_secs_f64() * 1000.0,
            failed = result.is_err(),
            "statement"
        );
    }
}

fn bind(statement: &Statement) -> Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone().unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}
