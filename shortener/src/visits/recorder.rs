//! The way of visits from the file to the database, in rounds: each counts all that was written and tells a part.
//! A burst is counted at once and told in the minutes after it, so that it drowns neither the bus nor the service.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use events::Envelope;
use events::topic::link::{LinkAccessed, LinkFirstOpened};
use httpkit::Service;
use kernel::{Clock, Ids};
use sea_orm::{DatabaseConnection, DbErr, TransactionTrait};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Visit;
use super::journal::{Journal, Written};
use super::segment::{Chunk, Segment};
use super::store::{self, FirstOpened, Progress};

/// How long visits are gathered for one transaction.
const ROUND: Duration = Duration::from_millis(200);
/// Events told in one round: about a thousand a second.
const TOLD_AT_ONCE: usize = 200;
/// Lines of a file that was found, read at once.
const READ_AT_ONCE: usize = 10_000;
/// How often files of processes that ended are looked for.
const ADOPT_PERIOD: Duration = Duration::from_secs(60);
/// Pause after a failed round.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// What is not told by then is left for the next process.
const LAST_ROUNDS: Duration = Duration::from_secs(3);

/// Writes visits down.
pub(crate) struct Recorder {
    pub(crate) journal: Journal,
    pub(crate) writer: JoinHandle<()>,
    pub(crate) db: DatabaseConnection,
    pub(crate) wake: events::Wake,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
}

/// Why a round failed; the next one does the same again.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("write visits")]
    Write(#[from] DbErr),
    #[error("read the journal of visits")]
    Read(#[from] std::io::Error),
    #[error("the journal of visits was read by another")]
    Overtaken,
    #[error("the reader of the journal ended")]
    Reader(#[from] tokio::task::JoinError),
}

/// What is known of the segments between two rounds.
#[derive(Default)]
struct Shelf {
    /// How far each was read; none when that has to be asked.
    progress: HashMap<Uuid, Progress>,
    /// What was written and is not counted.
    waiting: HashMap<Uuid, Chunk>,
}

impl Recorder {
    /// Writes until shutdown, and then what is left.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut shelf = Shelf::default();
        let (mut more, mut adopted) = (true, None::<Instant>);
        while !shutdown.is_cancelled() {
            if adopted.is_none_or(|at| at.elapsed() > ADOPT_PERIOD) {
                self.adopt().await;
                adopted = Some(Instant::now());
                more = true;
            }
            if !more {
                let wait = tokio::time::timeout(ADOPT_PERIOD, self.journal.more());
                let _ = shutdown.run_until_cancelled(wait).await;
            }
            shutdown.run_until_cancelled(sleep(ROUND)).await;
            let done = self.try_round(&mut shelf).await;
            if done.is_none() {
                shutdown.run_until_cancelled(sleep(RETRY_PAUSE)).await;
            }
            more = done.unwrap_or(true);
        }
        self.finish(shelf).await;
    }

    async fn adopt(&self) {
        let journal = self.journal.clone();
        let adopted = tokio::task::spawn_blocking(move || journal.adopt()).await;
        if let Ok(Err(error)) = adopted {
            tracing::warn!(%error, "what others left of visits cannot be read");
        }
    }

    /// The last rounds: requests are over, nothing comes after them.
    async fn finish(self, mut shelf: Shelf) {
        self.journal.close();
        let begun = Instant::now();
        while !self.writer.is_finished() && begun.elapsed() < LAST_ROUNDS {
            sleep(Duration::from_millis(1)).await;
        }
        loop {
            match self.try_round(&mut shelf).await {
                Some(true) if begun.elapsed() < LAST_ROUNDS => {}
                Some(_) | None => return self.journal.let_go(),
            }
        }
    }

    /// Whether there is more to do; none when it failed.
    async fn try_round(&self, shelf: &mut Shelf) -> Option<bool> {
        match self.round(shelf).await {
            Ok(more) => Some(more),
            Err(failure) => {
                let error = &failure as &dyn std::error::Error;
                tracing::warn!(error, "visits wait in the journal");
                // Whether the last transaction happened is not known.
                shelf.progress.clear();
                None
            }
        }
    }

    async fn round(&self, shelf: &mut Shelf) -> Result<bool, Failure> {
        let Written { segments, chunks } = self.journal.take();
        for (segment, chunk) in chunks {
            let waiting = shelf.waiting.entry(segment.id).or_default();
            waiting.merge(chunk);
        }
        let (mut left, mut more) = (TOLD_AT_ONCE, false);
        for segment in segments {
            let progress = self.progress(shelf, &segment).await?;
            let (told, after) = self.record(shelf, &segment, progress, left).await?;
            left = left.saturating_sub(told);
            let end = i64::try_from(segment.written()).unwrap_or(i64::MAX);
            if after.told < end || after.counted < end {
                more = true;
            } else if segment.is_sealed() && end == i64::try_from(segment.written()).unwrap_or(-1) {
                self.close(shelf, &segment).await?;
            }
        }
        Ok(more)
    }

    /// How far a segment was read; of one that was found also what it holds.
    async fn progress(
        &self,
        shelf: &mut Shelf,
        segment: &Arc<Segment>,
    ) -> Result<Progress, Failure> {
        if let Some(progress) = shelf.progress.get(&segment.id) {
            return Ok(*progress);
        }
        let progress = store::progress(&self.db, segment.id).await?;
        if segment.found {
            let chunk = rest(Arc::clone(segment), progress.counted).await?;
            shelf.waiting.insert(segment.id, chunk);
        }
        let counted = u64::try_from(progress.counted).unwrap_or_default();
        shelf
            .waiting
            .retain(|id, chunk| *id != segment.id || chunk.end > counted);
        shelf.progress.insert(segment.id, progress);
        Ok(progress)
    }

    /// Counts what waits and tells at most `most`; answers how many were told and how far it came.
    async fn record(
        &self,
        shelf: &mut Shelf,
        segment: &Arc<Segment>,
        before: Progress,
        most: usize,
    ) -> Result<(usize, Progress), Failure> {
        let (visits, told) = read(Arc::clone(segment), before.told, most).await?;
        let waiting = shelf.waiting.get(&segment.id);
        let counted = waiting.map_or(before.counted, |chunk| {
            i64::try_from(chunk.end).unwrap_or(i64::MAX)
        });
        let after = Progress { counted, told };
        if after == before {
            return Ok((0, after));
        }
        let work = self.db.begin().await?;
        if !store::advance(&work, segment.id, before, after).await? {
            return Err(Failure::Overtaken);
        }
        let mut events: Vec<Envelope> = visits.into_iter().map(|visit| self.event(visit)).collect();
        let count = events.len();
        if let Some(chunk) = waiting {
            let first = store::count(&work, chunk).await?;
            events.extend(first.iter().map(|link| self.first_opened(link)));
        }
        events::outbox::emit_all(&work, &events).await?;
        work.commit().await?;
        self.wake.notify();
        shelf.waiting.remove(&segment.id);
        shelf.progress.insert(segment.id, after);
        Ok((count, after))
    }

    /// First the file: what is known of it is worth nothing without it, and the other way round it would count twice.
    async fn close(&self, shelf: &mut Shelf, segment: &Segment) -> Result<(), Failure> {
        segment.remove()?;
        self.journal.forget(segment);
        shelf.progress.remove(&segment.id);
        store::forget(&self.db, segment.id).await?;
        Ok(())
    }

    fn event(&self, visit: Visit) -> Envelope {
        let event = LinkAccessed {
            link_id: visit.link,
            resource: visit.resource,
            device: visit.device,
            bot: visit.bot,
            visitor: visit.visitor,
            referrer: visit.referrer,
        };
        let source = Service::Shortener.name();
        let envelope = Envelope::new(&self.ids, &self.clock, source, visit.tenant, None, &event);
        let mut envelope = envelope.at(visit.at).with_traceparent(visit.traceparent);
        envelope.id = visit.id;
        envelope
    }

    fn first_opened(&self, link: &FirstOpened) -> Envelope {
        let event = LinkFirstOpened {
            link_id: link.id,
            resource: format!("{}:{}", link.resource_kind, link.resource_id),
            created_by: link.created_by,
            opened_at: link.first_opened_at,
        };
        let source = Service::Shortener.name();
        Envelope::new(&self.ids, &self.clock, source, link.tenant_id, None, &event)
    }
}

/// What a segment holds behind what was counted.
async fn rest(segment: Arc<Segment>, counted: i64) -> Result<Chunk, Failure> {
    let counted = u64::try_from(counted).unwrap_or_default();
    let read = tokio::task::spawn_blocking(move || {
        let mut chunk = Chunk {
            end: counted,
            ..Chunk::default()
        };
        while chunk.end < segment.written() {
            let (visits, end) = segment.read(chunk.end, READ_AT_ONCE)?;
            visits.iter().for_each(|visit| chunk.add(visit));
            chunk.end = end;
        }
        Ok::<_, std::io::Error>(chunk)
    });
    Ok(read.await??)
}

async fn read(segment: Arc<Segment>, from: i64, most: usize) -> Result<(Vec<Visit>, i64), Failure> {
    let at = u64::try_from(from).unwrap_or_default();
    if most == 0 || at >= segment.written() {
        return Ok((Vec::new(), from));
    }
    let read = tokio::task::spawn_blocking(move || segment.read(at, most));
    let (visits, end) = read.await??;
    Ok((visits, i64::try_from(end).unwrap_or(i64::MAX)))
}
