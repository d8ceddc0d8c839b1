//! One file of the journal: a visit a line. Its process holds a lock on it, so that whoever finds it without one
//! may finish it.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use kernel::LinkId;
use uuid::Uuid;

use super::Visit;

const EXTENSION: &str = "visits";
/// A block read at once; a line has some three hundred bytes.
const BLOCK_BYTES: usize = 128 * 1024;

/// A file of visits.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) id: Uuid,
    path: PathBuf,
    file: File,
    written: AtomicU64,
    sealed: AtomicBool,
    /// Whether another process wrote it.
    pub(super) found: bool,
}

/// Opens of one link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opens {
    /// Those that its row does not count yet.
    pub(super) uncounted: i64,
    pub(super) first_at: DateTime<Utc>,
    pub(super) last_at: DateTime<Utc>,
}

/// What the lines up to `end` say about links.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) end: u64,
    pub(super) opens: HashMap<LinkId, Opens>,
}

impl Segment {
    /// A new file in `folder`.
    pub(super) fn create(folder: &Path, id: Uuid) -> io::Result<Self> {
        let path = folder.join(format!("{id}.{EXTENSION}"));
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.lock()?;
        Ok(Self {
            id,
            path,
            file,
            written: AtomicU64::new(0),
            sealed: AtomicBool::new(false),
            found: false,
        })
    }

    /// The files in `folder` that no living process writes.
    pub(super) fn abandoned(folder: &Path) -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            if let Some(segment) = Self::adopt(&entry?.path())? {
                found.push(segment);
            }
        }
        found.sort_by_key(|segment| segment.id);
        Ok(found)
    }

    fn adopt(path: &Path) -> io::Result<Option<Self>> {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let id = stem.and_then(|stem| stem.parse().ok());
        let ours = path.extension().is_some_and(|found| found == EXTENSION);
        let Some(id) = id.filter(|_| ours) else {
            return Ok(None);
        };
        let file = match OpenOptions::new().read(true).append(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let segment = Self {
            id,
            path: path.to_owned(),
            written: AtomicU64::new(0),
            sealed: AtomicBool::new(true),
            found: true,
            file,
        };
        let end = segment.last_line_end()?;
        segment.written.store(end, Ordering::Release);
        Ok(Some(segment))
    }

    /// Whoever died while writing left half a line.
    fn last_line_end(&self) -> io::Result<u64> {
        let mut end = self.file.metadata()?.len();
        let mut byte = [0];
        while end > 0 {
            self.file.read_exact_at(&mut byte, end - 1)?;
            if byte == *b"\n" {
                break;
            }
            end -= 1;
        }
        Ok(end)
    }

    /// Adds whole lines; answers where they end.
    pub(super) fn append(&self, lines: &[u8]) -> io::Result<u64> {
        (&self.file).write_all(lines)?;
        let added = u64::try_from(lines.len()).unwrap_or_default();
        Ok(self.written.fetch_add(added, Ordering::AcqRel) + added)
    }

    /// Makes what was written outlive the machine's end.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Nothing more is written to it.
    pub(super) fn seal(&self) {
        self.sealed.store(true, Ordering::Release);
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.sealed.load(Ordering::Acquire)
    }

    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// At most `most` visits from `from` on, and where they end.
    pub(super) fn read(&self, from: u64, most: usize) -> io::Result<(Vec<Visit>, u64)> {
        let (mut visits, mut at, mut lines) = (Vec::new(), from, 0);
        while lines < most && at < self.written() {
            let rest = usize::try_from(self.written() - at).unwrap_or(usize::MAX);
            let mut block = vec![0; rest.min(BLOCK_BYTES)];
            self.file.read_exact_at(&mut block, at)?;
            let mut advanced = 0;
            for line in block.split_inclusive(|byte| *byte == b'\n') {
                if lines == most || !line.ends_with(b"\n") {
                    break;
                }
                lines += 1;
                advanced += line.len();
                match serde_json::from_slice(line) {
                    Ok(visit) => visits.push(visit),
                    Err(error) => tracing::error!(%error, "a visit cannot be read"),
                }
            }
            if advanced == 0 {
                return Err(io::Error::other("a line of the journal has no end"));
            }
            at += u64::try_from(advanced).unwrap_or_default();
        }
        Ok((visits, at))
    }

    /// Removes the file.
    pub(super) fn remove(&self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

impl Chunk {
    /// Adds a visit. Machines open nothing.
    pub(super) fn add(&mut self, visit: &Visit) {
        if visit.bot {
            return;
        }
        let one = Opens {
            uncounted: i64::from(visit.uncounted),
            first_at: visit.at,
            last_at: visit.at,
        };
        let opens = self.opens.entry(visit.link);
        opens.and_modify(|opens| opens.merge(one)).or_insert(one);
    }

    /// Adds what comes behind.
    pub(super) fn merge(&mut self, next: Self) {
        self.end = next.end;
        for (link, more) in next.opens {
            let opens = self.opens.entry(link);
            opens.and_modify(|opens| opens.merge(more)).or_insert(more);
        }
    }
}

impl Opens {
    fn merge(&mut self, other: Self) {
        self.uncounted += other.uncounted;
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
    }
}

#[cfg(test)]
mod tests {
    use events::topic::link::Device;
    use kernel::Ids;

    use super::*;

    fn line(ids: &Ids) -> (Visit, Vec<u8>) {
        let visit = Visit {
            id: ids.next(),
            at: DateTime::UNIX_EPOCH,
            tenant: ids.next(),
            link: ids.next(),
            resource: "task:x".to_owned(),
            device: Device::Desktop,
            bot: false,
            visitor: "v".to_owned(),
            referrer: None,
            uncounted: true,
            traceparent: None,
        };
        let mut line = serde_json::to_vec(&visit).unwrap();
        line.push(b'\n');
        (visit, line)
    }

    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(testkit::unique("visits-"));
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    #[test]
    fn what_a_dead_process_left_is_found_without_its_half_line() {
        let (folder, ids) = (folder(), Ids::system());
        let segment = Segment::create(&folder, Uuid::from_u128(7)).unwrap();
        let (visit, text) = line(&ids);
        let end = segment.append(&text).unwrap();
        segment.append(&text[..20]).unwrap();
        assert!(
            Segment::abandoned(&folder).unwrap().is_empty(),
            "it is held"
        );
        drop(segment);
        let found = Segment::abandoned(&folder).unwrap();
        assert_eq!((found[0].written(), found[0].is_sealed()), (end, true));
        assert_eq!(found[0].read(0, 10).unwrap(), (vec![visit], end));
        found[0].remove().unwrap();
        std::fs::remove_dir(&folder).unwrap();
    }

    #[test]
    fn visits_are_read_in_parts() {
        let (folder, ids) = (folder(), Ids::system());
        let segment = Segment::create(&folder, Uuid::from_u128(8)).unwrap();
        let mut visits = Vec::new();
        // More than one block.
        for _ in 0..1000 {
            let (visit, text) = line(&ids);
            segment.append(&text).unwrap();
            visits.push(visit);
        }
        let (first, at) = segment.read(0, 300).unwrap();
        let (rest, end) = segment.read(at, 10_000).unwrap();
        assert_eq!((first.len(), end), (300, segment.written()));
        assert_eq!([first, rest].concat(), visits);
        segment.remove().unwrap();
        std::fs::remove_dir(&folder).unwrap();
    }

    #[test]
    fn machines_open_nothing_and_what_is_counted_is_not_counted_again() {
        let (mut visit, _) = line(&Ids::system());
        let mut chunk = Chunk::default();
        chunk.add(&visit);
        visit.uncounted = false;
        visit.at += chrono::TimeDelta::seconds(1);
        chunk.add(&visit);
        visit.bot = true;
        chunk.add(&visit);
        let opens = chunk.opens[&visit.link];
        assert_eq!((opens.uncounted, opens.last_at), (1, visit.at));
        assert_eq!(opens.first_at, DateTime::UNIX_EPOCH);
    }
}
