//! Writes what became of each database into the catalog, many at a time: a thousand results must not be
//! two thousand round trips. Every result handed over is written before [`Recorder::finish`] answers.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::registry::{Note, Record, Registry, RegistryError};

/// Results written in one statement.
const MOST: usize = 50;
/// A result waits no longer for others.
const LONGEST: Duration = Duration::from_millis(200);

/// A result, and what it tells about the tenant.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) record: Option<Record>,
    pub(super) note: Option<Note>,
}

/// The writing end.
#[derive(Debug)]
pub(super) struct Recorder {
    sender: mpsc::Sender<Entry>,
    task: JoinHandle<Result<(), RegistryError>>,
    broken: CancellationToken,
}

impl Recorder {
    pub(super) fn start(registry: Registry) -> Self {
        let (sender, receiver) = mpsc::channel(4 * MOST);
        let broken = CancellationToken::new();
        let task = tokio::spawn(write(registry, receiver, broken.clone()));
        Self {
            sender,
            task,
            broken,
        }
    }

    /// Hands a result over. When the catalog is gone, [`Recorder::finish`] says so.
    pub(super) async fn put(&self, entry: Entry) {
        drop(self.sender.send(entry).await);
    }

    /// Cancelled when the catalog could not be written to: no more work should begin.
    pub(super) fn broken(&self) -> &CancellationToken {
        &self.broken
    }

    /// Waits until everything is written.
    pub(super) async fn finish(self) -> Result<(), RegistryError> {
        drop(self.sender);
        match self.task.await {
            Ok(result) => result,
            Err(_panicked_or_cancelled) => Err(RegistryError::Unwritten),
        }
    }
}

async fn write(
    registry: Registry,
    mut receiver: mpsc::Receiver<Entry>,
    broken: CancellationToken,
) -> Result<(), RegistryError> {
    let mut waiting = Vec::with_capacity(MOST);
    while let Some(first) = receiver.recv().await {
        waiting.push(first);
        let deadline = Instant::now() + LONGEST;
        while waiting.len() < MOST {
            match timeout_at(deadline, receiver.recv()).await {
                Ok(Some(next)) => waiting.push(next),
                Ok(None) | Err(_) => break,
            }
        }
        let (records, notes): (Vec<_>, Vec<_>) = waiting
            .drain(..)
            .map(|entry| (entry.record, entry.note))
            .unzip();
        let records: Vec<_> = records.into_iter().flatten().collect();
        let notes: Vec<_> = notes.into_iter().flatten().collect();
        if let Err(error) = registry.write(&records, &notes).await {
            broken.cancel();
            return Err(error);
        }
    }
    Ok(())
}
