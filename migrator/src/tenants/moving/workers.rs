//! A turn at the target's replication workers, and the sign that a move is alive.
//!
//! Every subscription holds one worker of `max_logical_replication_workers` for itself and needs another one to copy
//! tables. With as many subscriptions as workers none would ever be copied, so each move first takes one of the few
//! turns there are: an advisory lock on the target, which dies with its holder.

use std::time::Duration;

use kernel::TenantId;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use super::Copy;
use crate::clusters::Place;
use crate::tenants::Operator;
use crate::tenants::{Error, Tell};

/// The turns' locks on the target's maintenance database.
const LOCK_CLASS: i32 = 0x6d6f_7665;
/// Keeps the locks of tenants that move apart from others of the same ids.
const ALIVE: u64 = 0x6d6f_7669_6e67_2121;
/// One for the subscription, one that copies.
const WORKERS_EACH: i32 = 2;
const POLL: Duration = Duration::from_millis(200);

/// Held as long as the move's subscription lives.
#[derive(Debug)]
pub struct Turn {
    _session: Client,
}

/// Held by whoever works at a tenant's move; a crash gives it back.
#[derive(Debug)]
pub(super) struct Alive {
    _session: Client,
}

impl Alive {
    /// `None` when somebody works at it.
    pub(super) async fn take(
        operator: &Operator,
        target: &Place,
        tenant: TenantId,
    ) -> Result<Option<Self>, Error> {
        let session = operator.server(target).await?;
        let (_, low) = tenant.uuid().as_u64_pair();
        let key = (low ^ ALIVE).cast_signed();
        let sql = "select pg_try_advisory_lock($1)";
        let row = session.query_one(sql, &[&key]).await;
        let taken: bool = row
            .and_then(|row| row.try_get(0))
            .map_err(Error::sql("lock the move"))?;
        Ok(taken.then_some(Self { _session: session }))
    }
}

impl Copy {
    /// Waits for a turn at the target's workers.
    pub async fn turn(&self, stop: &CancellationToken, tell: Tell<'_>) -> Result<Turn, Error> {
        const STEP: &str = "wait for replication workers";
        let session = self.target_server().await?;
        let sql = "select current_setting('max_logical_replication_workers')::integer";
        let row = session.query_one(sql, &[]).await;
        let workers: i32 = row
            .and_then(|row| row.try_get(0))
            .map_err(Error::sql(STEP))?;
        let turns = workers / WORKERS_EACH;
        if turns == 0 {
            return Err(Error::Refused(format!(
                "{} has max_logical_replication_workers = {workers}: a move needs {WORKERS_EACH} at least",
                self.target.name
            )));
        }
        loop {
            for turn in 0..turns {
                let sql = "select pg_try_advisory_lock($1, $2)";
                let row = session.query_one(sql, &[&LOCK_CLASS, &turn]).await;
                let taken: bool = row
                    .and_then(|row| row.try_get(0))
                    .map_err(Error::sql(STEP))?;
                if taken {
                    return Ok(Turn { _session: session });
                }
            }
            tell("wait for other moves to the same cluster");
            tokio::select! {
                () = stop.cancelled() => return Err(Error::Stopped),
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
}
