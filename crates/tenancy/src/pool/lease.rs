//! The right to use one connection. Dropping it at any moment is safe: what was left in the
//! middle of something is cleaned up behind the scenes or closed.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::time::{Instant, timeout};

use super::cluster::Cluster;
use super::physical::{Physical, breaks_connection};

/// Time a connection gets to be ready again after its user left in the middle of something.
const CLEAN_UP_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) struct Lease {
    cluster: Arc<Cluster>,
    /// `None` only while being dropped.
    physical: Option<Box<Physical>>,
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
    pub(super) fn new(cluster: Arc<Cluster>, physical: Physical) -> Self {
        Self {
            cluster,
            physical: Some(Box::new(physical)),
            condition: Condition::default(),
        }
    }

    /// The connection for one statement; [`Lease::end_statement`] must follow.
    pub(crate) fn begin_statement(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        match &mut self.physical {
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
            self.condition.broken = true;
            self.cluster.suspect();
        }
    }

    pub(crate) fn set_in_transaction(&mut self, in_transaction: bool) {
        self.condition.in_transaction = in_transaction;
    }

    /// The connection is closed instead of being given to somebody else.
    pub(crate) fn condemn(&mut self) {
        self.condition.broken = true;
    }

    /// Asks the connection whether it lives, if it has not been seen alive lately.
    pub(super) async fn is_alive(&mut self, deadline: Instant) -> bool {
        let cluster = Arc::clone(&self.cluster);
        let Some(physical) = &mut self.physical else {
            return false;
        };
        if !cluster.doubts(physical.seen_at) {
            return true;
        }
        self.condition.running = true;
        let answer = tokio::time::timeout_at(deadline, physical.connection.ping()).await;
        self.condition.running = false;
        let alive = matches!(answer, Ok(Ok(())));
        if !alive {
            self.condition.broken = true;
            self.cluster.suspect();
        }
        alive
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(physical) = self.physical.take() else {
            return;
        };
        let condition = self.condition;
        if condition.broken {
            self.cluster.discard(*physical);
        } else if condition.running || condition.in_transaction {
            let cluster = Arc::clone(&self.cluster);
            let cleaning = clean_up(cluster, *physical, condition.in_transaction);
            self.cluster.spawn(cleaning);
        } else {
            self.cluster.check_in(*physical);
        }
    }
}

/// Makes a connection as good as new, within the time it gets.
async fn clean_up(cluster: Arc<Cluster>, mut physical: Physical, in_transaction: bool) {
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
        Ok(Ok(())) => cluster.check_in(physical),
        Ok(Err(_)) | Err(_) => cluster.discard(physical),
    }
}
