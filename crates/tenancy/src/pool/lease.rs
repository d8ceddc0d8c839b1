//! The right to use one connection. Dropping it at any moment is safe: what was left in the
//! middle of something is cleaned up behind the scenes or closed.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::time::{Instant, timeout};

use super::cluster::ClusterGrant;
use super::physical::breaks_connection;

/// Time a connection gets to be ready again after its user left in the middle of something.
const CLEAN_UP_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) struct Lease {
    /// `None` when the connection was lost, and while being dropped.
    grant: Option<ClusterGrant>,
    condition: Condition,
}

#[derive(Clone, Copy, Default)]
struct Condition {
    /// A statement was sent and its answer not read to the end.
    running: bool,
    in_transaction: bool,
    /// The session is over, or its state is not worth knowing.
    broken: bool,
}

impl Lease {
    pub(super) fn new(grant: ClusterGrant) -> Self {
        Self {
            grant: Some(grant),
            condition: Condition::default(),
        }
    }

    /// The connection for one statement; [`Lease::end_statement`] must follow.
    pub(crate) fn begin_statement(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        let lent = self.grant.as_mut().and_then(ClusterGrant::connection);
        match lent {
            Some(physical) if !self.condition.broken => {
                self.condition.running = true;
                Ok(&mut physical.connection)
            }
            Some(_) | None => Err(sqlx::Error::PoolClosed),
        }
    }

    /// The statement's answer was read to the end.
    pub(crate) fn end_statement<T>(&mut self, result: &Result<T, sqlx::Error>) {
        self.condition.running = false;
        if result.as_ref().err().is_some_and(breaks_connection) {
            self.fail();
        }
    }

    pub(crate) fn set_in_transaction(&mut self, in_transaction: bool) {
        self.condition.in_transaction = in_transaction;
    }

    /// The connection is closed instead of being given to somebody else.
    pub(crate) fn condemn(&mut self) {
        self.condition.broken = true;
    }

    /// Whether the connection is still good when it comes back: its tenant was not evicted.
    pub(crate) fn is_current(&self) -> bool {
        self.grant.as_ref().is_some_and(ClusterGrant::is_current)
    }

    /// Asks the connection whether it lives, if it has not been seen alive lately.
    pub(super) async fn is_alive(&mut self, now: Instant, deadline: Instant) -> bool {
        let Some(grant) = &mut self.grant else {
            return false;
        };
        let seen_at = grant.connection().map(|physical| physical.seen_at);
        if seen_at.is_some_and(|seen_at| !grant.host().doubts(seen_at, now)) {
            return true;
        }
        let Some(physical) = grant.connection() else {
            return false;
        };
        self.condition.running = true;
        let answer = tokio::time::timeout_at(deadline, physical.connection.ping()).await;
        self.condition.running = false;
        let alive = matches!(answer, Ok(Ok(())));
        if !alive {
            self.fail();
        }
        alive
    }

    /// Whether the connection was lost: its place is free already.
    pub(crate) fn is_lost(&self) -> bool {
        self.grant.is_none()
    }

    /// The server is gone from the other end.
    fn fail(&mut self) {
        self.condition.broken = true;
        if let Some(grant) = self.grant.take() {
            grant.host().suspect();
            grant.discard();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(grant) = self.grant.take() else {
            return;
        };
        let condition = self.condition;
        if condition.broken {
            grant.discard();
        } else if condition.running || condition.in_transaction {
            let host = std::sync::Arc::clone(grant.host());
            host.spawn(clean_up(grant, condition.in_transaction));
        }
        // A clean one goes back as the grant is dropped.
    }
}

/// Makes a connection as good as new, within the time it gets.
async fn clean_up(mut grant: ClusterGrant, in_transaction: bool) {
    let Some(physical) = grant.connection() else {
        return;
    };
    let cleaning = async {
        if in_transaction {
            sqlx::raw_sql("rollback")
                .execute(&mut physical.connection)
                .await?;
            Ok(())
        } else {
            physical.connection.ping().await
        }
    };
    match timeout(CLEAN_UP_TIMEOUT, cleaning).await {
        Ok(Ok(())) => drop(grant),
        Ok(Err(_)) | Err(_) => grant.discard(),
    }
}
