//! The relay of one database: empties the outbox into the broker, woken by commits, with a slow sweep
//! for what a crash left.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::backlog::Backlog;
use crate::outbox::{OutboxRow, OutboxSource};
use crate::{AmqpError, BoxError, Publisher};

/// Rows published at a time.
const BATCH_ROWS: i64 = 200;

/// How often the outbox is looked at without being woken.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Pause after a failure, or while another relay is at work.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Rings the relay after a commit that wrote to the outbox. Clones ring the same relay.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Rings; several rings before the relay looks are one.
    pub fn notify(&self) {
        self.0.notify_one();
    }
}

/// Why a drain stopped before the outbox was empty.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// The database is wanted back.
    #[error("outbox is not to be read for now")]
    Revoked,
    /// The database did not do its part.
    #[error("read or clear outbox")]
    Outbox(#[source] BoxError),
    /// The broker did not do its part.
    #[error("publish events")]
    Broker(#[from] AmqpError),
    /// The broker refused an event.
    #[error("broker did not confirm {0} of the events")]
    Unconfirmed(usize),
    /// Another relay is emptying this outbox and may have read it before the last commit.
    #[error("outbox is being relayed by another instance")]
    Busy,
}

/// Keeps one database's outbox empty until shutdown; spawn it. What is written before the end of the
/// drain is still published: shutdown is only looked at between drains.
pub async fn run<S: OutboxSource>(
    mut source: S,
    publisher: Publisher,
    wake: Wake,
    shutdown: CancellationToken,
) {
    let backlog = Backlog::default();
    while !shutdown.is_cancelled() {
        let outcome = drain(&mut source, &publisher, |seen| backlog.note((), seen)).await;
        if let Err(error) = &outcome {
            log(error);
        }
        backlog.show();
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = wait(&outcome, &publisher, &wake) => {}
        }
    }
}

/// After a success until woken or the next sweep, and so when nothing waited or another relay was at
/// it; after a failure for a while, and until the broker is back, or to see how much waits for it.
async fn wait(outcome: &Result<(), DrainError>, publisher: &Publisher, wake: &Wake) {
    let look_again = match outcome {
        Ok(()) => SWEEP_INTERVAL,
        Err(DrainError::Busy) => RETRY_PAUSE,
        Err(_) => {
            sleep(RETRY_PAUSE).await;
            let state = publisher.state();
            // Either way the outbox is looked at again.
            let _ = timeout(SWEEP_INTERVAL, state.wait_connected()).await;
            return;
        }
    };
    tokio::select! {
        () = wake.0.notified() => {}
        () = sleep(look_again) => {}
    }
}

/// Publishes everything that is in the outbox. `seen` is told the oldest row of each batch, and `None` once nothing
/// is left to this relay.
pub(crate) async fn drain<S: OutboxSource>(
    source: &mut S,
    publisher: &Publisher,
    seen: impl Fn(Option<&OutboxRow>),
) -> Result<(), DrainError> {
    if !source.begin().await.map_err(DrainError::Outbox)? {
        seen(None);
        return Err(DrainError::Busy);
    }
    let outcome = drain_claimed(source, publisher, seen).await;
    source.end().await;
    outcome
}

async fn drain_claimed<S: OutboxSource>(
    source: &mut S,
    publisher: &Publisher,
    seen: impl Fn(Option<&OutboxRow>),
) -> Result<(), DrainError> {
    loop {
        let connected = publisher.state().connected();
        // The oldest row is enough to know how much waits.
        let limit = if connected { BATCH_ROWS } else { 1 };
        let rows = source.next_batch(limit).await.map_err(DrainError::Outbox)?;
        seen(rows.first());
        if rows.is_empty() {
            return Ok(());
        }
        if !connected {
            return Err(AmqpError::Lost.into());
        }
        let confirmed = tokio::select! {
            confirmed = publisher.publish(&rows) => confirmed.map_err(DrainError::Broker),
            () = source.revoked() => Err(DrainError::Revoked),
        };
        let confirmed = confirmed.inspect_err(|_| {
            metrics::counter!("outbox_retried_rows_total").increment(rows.len() as u64);
        })?;
        let seqs: Vec<i64> = rows.iter().take(confirmed).map(|row| row.seq).collect();
        source.published(&seqs).await.map_err(DrainError::Outbox)?;
        metrics::counter!("outbox_published_rows_total").increment(confirmed as u64);
        if confirmed < rows.len() {
            let refused = rows.len() - confirmed;
            metrics::counter!("outbox_retried_rows_total").increment(refused as u64);
            return Err(DrainError::Unconfirmed(refused));
        }
    }
}

/// Says a failed drain at the level it deserves.
pub(crate) fn log(error: &DrainError) {
    match error {
        DrainError::Busy | DrainError::Revoked | DrainError::Broker(AmqpError::Lost) => {
            tracing::debug!("outbox waits: {error}");
        }
        DrainError::Outbox(_) | DrainError::Broker(_) | DrainError::Unconfirmed(_) => {
            tracing::warn!(error = error as &dyn std::error::Error, "outbox waits");
        }
    }
}
