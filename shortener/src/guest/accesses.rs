//! Visits on their way to the outbox: gathered for a moment and written together, behind the
//! answer. A full queue drops visits and counts them; it never slows a guest.

use std::time::Duration;

use events::Envelope;
use sea_orm::{DatabaseConnection, DbErr, SqlErr, TransactionTrait};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Visits that may wait; at a few hundred bytes each.
const QUEUE: usize = 4096;
/// Visits written in one transaction.
const BATCH: usize = 500;
/// How long visits are gathered.
const GATHER: Duration = Duration::from_millis(200);
/// Pause after a failed write.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Takes visits.
#[derive(Clone)]
pub(crate) struct Accesses(mpsc::Sender<Envelope>);

/// Writes visits down.
pub(crate) struct Recorder {
    visits: mpsc::Receiver<Envelope>,
    db: DatabaseConnection,
    wake: events::Wake,
}

impl Accesses {
    /// Both ends.
    pub(crate) fn new(db: DatabaseConnection, wake: events::Wake) -> (Self, Recorder) {
        let (sender, visits) = mpsc::channel(QUEUE);
        (Self(sender), Recorder { visits, db, wake })
    }

    /// Takes one down.
    pub(super) fn record(&self, visit: Envelope) {
        if self.0.try_send(visit).is_err() {
            metrics::counter!("shortener_visits_dropped_total").increment(1);
        }
    }
}

impl Recorder {
    /// Writes until shutdown, and then what is left.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut batch = Vec::new();
        while let Some(received) = shutdown
            .run_until_cancelled(self.visits.recv_many(&mut batch, BATCH))
            .await
        {
            if received == 0 {
                return;
            }
            shutdown.run_until_cancelled(sleep(GATHER)).await;
            self.take_more(&mut batch);
            if !self.write_in_the_end(&batch, &shutdown).await {
                break;
            }
            batch.clear();
        }
        self.flush(batch).await;
    }

    /// Tries until it is done; false when shutdown comes first.
    async fn write_in_the_end(&self, batch: &[Envelope], shutdown: &CancellationToken) -> bool {
        while let Err(error) = self.write(batch).await {
            warn(&error, batch.len());
            let pause = shutdown.run_until_cancelled(sleep(RETRY_PAUSE)).await;
            if pause.is_none() {
                return false;
            }
        }
        true
    }

    /// The last write: requests are over, nothing comes after it.
    async fn flush(&mut self, mut batch: Vec<Envelope>) {
        self.visits.close();
        loop {
            self.take_more(&mut batch);
            if batch.is_empty() {
                return;
            }
            if let Err(error) = self.write(&batch).await {
                let error = &error as &dyn std::error::Error;
                return tracing::error!(error, visits = batch.len(), "visits are lost");
            }
            batch.clear();
        }
    }

    fn take_more(&mut self, batch: &mut Vec<Envelope>) {
        while batch.len() < BATCH
            && let Ok(visit) = self.visits.try_recv()
        {
            batch.push(visit);
        }
    }

    async fn write(&self, batch: &[Envelope]) -> Result<(), DbErr> {
        let written = self.insert(batch).await;
        match written.as_ref().map_err(DbErr::sql_err) {
            // A commit whose answer was lost has happened: the ids are there.
            Err(Some(SqlErr::UniqueConstraintViolation(_))) => {}
            Ok(()) | Err(_) => written?,
        }
        self.wake.notify();
        Ok(())
    }

    async fn insert(&self, batch: &[Envelope]) -> Result<(), DbErr> {
        let work = self.db.begin().await?;
        for visit in batch {
            events::outbox::emit(&work, visit).await?;
        }
        work.commit().await
    }
}

fn warn(error: &DbErr, visits: usize) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(error, visits, "write visits");
}
