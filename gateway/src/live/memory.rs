//! What was told lately, for clients that come back. A client names the last event it saw; its id says when that
//! was made (UUIDv7), and whatever came since is told again. The memory knows from when on it is whole: who was gone
//! for longer loads anew.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{EventId, TenantId};

use super::names::Told;

/// Events remembered of one organization.
const OF_ONE: usize = 500;

/// Events remembered of all.
const OF_ALL: usize = 20_000;

/// Clocks of services and gateways differ by less. So much too much is told rather than too little.
const MARGIN: TimeDelta = TimeDelta::seconds(5);

/// The events of all organizations.
#[derive(Default)]
pub(super) struct Memory {
    /// Whole from here on, for organizations of which nothing is there; none while there is no broker.
    since: Option<DateTime<Utc>>,
    organizations: HashMap<TenantId, Ring>,
    count: usize,
}

struct Ring {
    since: DateTime<Utc>,
    heard: VecDeque<Heard>,
}

struct Heard {
    at: DateTime<Utc>,
    told: Arc<Told>,
}

impl Ring {
    fn newest(&self) -> DateTime<Utc> {
        self.heard.back().map_or(self.since, |heard| heard.at)
    }
}

impl Memory {
    /// Begins anew: what came before may have gaps.
    pub(super) fn restart(&mut self, now: DateTime<Utc>) {
        *self = Self {
            since: Some(now),
            ..Self::default()
        };
    }

    /// Remembers an event that came now.
    pub(super) fn keep(&mut self, tenant: TenantId, now: DateTime<Utc>, told: Arc<Told>) {
        if self.count >= OF_ALL {
            self.forget_quiet();
        }
        let since = self.since.unwrap_or(now);
        let ring = self.organizations.entry(tenant).or_insert_with(|| Ring {
            since,
            heard: VecDeque::new(),
        });
        ring.heard.push_back(Heard { at: now, told });
        self.count += 1;
        if ring.heard.len() > OF_ONE
            && let Some(oldest) = ring.heard.pop_front()
        {
            ring.since = oldest.at;
            self.count -= 1;
        }
    }

    /// What was told since that event, in the order it came; none when something may be missing.
    pub(super) fn since(
        &self,
        tenant: TenantId,
        event: EventId,
    ) -> Option<impl Iterator<Item = &Arc<Told>>> {
        let from = made_at(event)? - MARGIN;
        let whole_since = self.since?;
        let ring = self.organizations.get(&tenant);
        if from < ring.map_or(whole_since, |ring| ring.since) {
            return None;
        }
        let heard = ring.into_iter().flat_map(|ring| &ring.heard);
        let later = heard.skip_while(move |heard| heard.at < from);
        Some(
            later
                .map(|heard| &heard.told)
                .filter(move |told| told.payload.id != event),
        )
    }

    /// Forgets the half of the organizations that told nothing for longest.
    fn forget_quiet(&mut self) {
        let mut newest: Vec<_> = self.organizations.values().map(Ring::newest).collect();
        newest.sort_unstable();
        let Some(cut) = newest.get(newest.len() / 2).copied() else {
            return;
        };
        self.organizations.retain(|_, ring| ring.newest() > cut);
        self.count = self
            .organizations
            .values()
            .map(|ring| ring.heard.len())
            .sum();
        self.since = self.since.max(Some(cut));
    }
}

/// When an event's id was made.
fn made_at(event: EventId) -> Option<DateTime<Utc>> {
    let (seconds, nanoseconds) = event.uuid().get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)
}
