//! The way of visits to the disk: handlers add to a buffer, a thread of its own writes the buffer down. A full disk or
//! a full buffer drops visits and counts them; neither slows a guest.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use kernel::{EventId, Ids};
use tokio::sync::Notify;

use super::segment::{Chunk, Segment};
use super::visitor::Visitors;
use super::{Seen, Visit};
use crate::links::model::ResourceRef;

/// How long visits are gathered before they are written to the file: what a killed process loses at most.
pub(super) const GATHER: Duration = Duration::from_millis(1);
/// How often what was written is made to outlive the machine.
const SYNC_PERIOD: Duration = Duration::from_secs(1);
/// Visits that may wait for the file.
const BUFFERED: usize = 100_000;
/// A file is closed and another begun.
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
/// What may wait on the disk while the database is away: three million visits.
const MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// Takes visits. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Journal(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    ids: Ids,
    visitors: Visitors,
    buffer: Mutex<Buffer>,
    arrived: Condvar,
    written: Mutex<Written>,
    /// Rings for the recorder.
    more: Notify,
}

#[derive(Default)]
struct Buffer {
    visits: Vec<Seen>,
    closed: bool,
}

/// What the thread has written and the recorder has not taken yet.
#[derive(Default)]
pub(super) struct Written {
    /// In the order they were begun.
    pub(super) segments: Vec<Arc<Segment>>,
    /// What each says, in order.
    pub(super) chunks: Vec<(Arc<Segment>, Chunk)>,
}

impl Journal {
    /// Begins to write in `folder`, which other processes may write in too. Answers the thread, which ends after
    /// [`Journal::close`].
    pub(crate) fn open(
        folder: PathBuf,
        ids: Ids,
        visitors: Visitors,
    ) -> anyhow::Result<(Self, JoinHandle<()>)> {
        let no_folder = || format!("make the folder of visits, {}", folder.display());
        std::fs::create_dir_all(&folder).with_context(no_folder)?;
        let journal = Self(Arc::new(Inner {
            folder,
            ids,
            visitors,
            buffer: Mutex::default(),
            arrived: Condvar::new(),
            written: Mutex::default(),
            more: Notify::new(),
        }));
        let writer = journal.clone();
        let thread = std::thread::Builder::new().name("visits".to_owned());
        let thread = thread
            .spawn(move || writer.write())
            .context("start the thread of visits")?;
        Ok((journal, thread))
    }

    /// Takes a visit down.
    pub(crate) fn record(&self, seen: Seen) {
        let mut buffer = lock(&self.0.buffer);
        if buffer.closed || buffer.visits.len() >= BUFFERED {
            drop(buffer);
            return dropped(1);
        }
        let was_empty = buffer.visits.is_empty();
        buffer.visits.push(seen);
        drop(buffer);
        if was_empty {
            self.0.arrived.notify_one();
        }
    }

    /// Takes no more; what was taken is still written.
    pub(crate) fn close(&self) {
        lock(&self.0.buffer).closed = true;
        self.0.arrived.notify_one();
    }

    /// Waits until something was written, or just now.
    pub(super) async fn more(&self) {
        self.0.more.notified().await;
    }

    /// What was written since it was last asked; all segments that are still there.
    pub(super) fn take(&self) -> Written {
        let mut written = lock(&self.0.written);
        Written {
            segments: written.segments.clone(),
            chunks: std::mem::take(&mut written.chunks),
        }
    }

    /// Takes over what other processes left.
    pub(super) fn adopt(&self) -> std::io::Result<()> {
        let found = Segment::abandoned(&self.0.folder)?;
        let mut written = lock(&self.0.written);
        written.segments.extend(found.into_iter().map(Arc::new));
        Ok(())
    }

    /// Leaves what is not written to the next process.
    pub(super) fn let_go(&self) {
        *lock(&self.0.written) = Written::default();
    }

    /// A segment is finished with.
    pub(super) fn forget(&self, segment: &Segment) {
        lock(&self.0.written)
            .segments
            .retain(|kept| kept.id != segment.id);
    }

    /// The thread.
    fn write(&self) {
        let mut pen = Pen::default();
        while let Some(visits) = self.gather(&mut pen) {
            if let Err(error) = self.note(&mut pen, &visits) {
                dropped(visits.len());
                tracing::error!(%error, visits = visits.len(), "visits cannot be written down");
                pen.put_away();
            }
        }
        pen.put_away();
        self.0.more.notify_one();
    }

    /// The visits of a moment; none when it is over.
    fn gather(&self, pen: &mut Pen) -> Option<Vec<Seen>> {
        let mut buffer = lock(&self.0.buffer);
        while buffer.visits.is_empty() {
            if buffer.closed {
                return None;
            }
            let waited = self.0.arrived.wait_timeout(buffer, SYNC_PERIOD);
            buffer = waited.unwrap_or_else(PoisonError::into_inner).0;
            if buffer.visits.is_empty() {
                drop(buffer);
                pen.sync();
                buffer = lock(&self.0.buffer);
            }
        }
        let gathered = |buffer: &mut Buffer| !buffer.closed;
        let waited = self.0.arrived.wait_timeout_while(buffer, GATHER, gathered);
        let mut buffer = waited.unwrap_or_else(PoisonError::into_inner).0;
        Some(std::mem::take(&mut buffer.visits))
    }

    fn note(&self, pen: &mut Pen, visits: &[Seen]) -> anyhow::Result<()> {
        let mut chunk = Chunk::default();
        pen.lines.clear();
        for seen in visits {
            let visit = self.visit(seen);
            chunk.add(&visit);
            serde_json::to_writer(&mut pen.lines, &visit)?;
            pen.lines.push(b'\n');
        }
        let segment = self.segment(pen)?;
        chunk.end = segment.append(&pen.lines)?;
        if chunk.end > SEGMENT_BYTES {
            pen.put_away();
        }
        let mut written = lock(&self.0.written);
        match written.chunks.last_mut() {
            Some((last, before)) if last.id == segment.id => before.merge(chunk),
            Some(_) | None => written.chunks.push((segment, chunk)),
        }
        drop(written);
        self.0.more.notify_one();
        pen.sync();
        Ok(())
    }

    fn visit(&self, seen: &Seen) -> Visit {
        let known = self.0.visitors.visit(seen);
        let link = &seen.link;
        let resource = ResourceRef::of(link);
        Visit {
            id: self.0.ids.next::<EventId>(),
            at: seen.at,
            tenant: link.tenant_id,
            link: link.id,
            resource: resource.map_or_else(|_| String::new(), |resource| resource.to_string()),
            device: known.device,
            bot: seen.bot,
            visitor: known.visitor,
            referrer: known.referrer,
            uncounted: seen.uncounted,
            traceparent: seen.traceparent.clone(),
        }
    }

    /// The file to write to.
    fn segment(&self, pen: &mut Pen) -> anyhow::Result<Arc<Segment>> {
        if let Some(segment) = &pen.segment {
            return Ok(Arc::clone(segment));
        }
        let waiting: u64 = lock(&self.0.written)
            .segments
            .iter()
            .map(|one| one.written())
            .sum();
        anyhow::ensure!(waiting < MAX_BYTES, "too many visits wait for the database");
        let id = self.0.ids.next::<EventId>().uuid();
        let segment = Arc::new(Segment::create(&self.0.folder, id)?);
        lock(&self.0.written).segments.push(Arc::clone(&segment));
        pen.segment = Some(Arc::clone(&segment));
        Ok(segment)
    }
}

/// What the thread writes with.
#[derive(Default)]
struct Pen {
    segment: Option<Arc<Segment>>,
    lines: Vec<u8>,
    synced: Option<(Instant, u64)>,
}

impl Pen {
    /// Makes what was written outlive the machine, now and then.
    fn sync(&mut self) {
        let Some(segment) = &self.segment else { return };
        let (at, upto) = self.synced.unwrap_or_else(|| (Instant::now(), 0));
        if segment.written() == upto || (upto > 0 && at.elapsed() < SYNC_PERIOD) {
            return;
        }
        if let Err(error) = segment.sync() {
            tracing::warn!(%error, "visits cannot be made durable");
        }
        self.synced = Some((Instant::now(), segment.written()));
    }

    fn put_away(&mut self) {
        if let Some(segment) = self.segment.take() {
            segment.seal();
        }
        self.synced = None;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn dropped(visits: usize) {
    let visits = u64::try_from(visits).unwrap_or(u64::MAX);
    metrics::counter!("shortener_visits_dropped_total").increment(visits);
}
