//! Who is served next: the order of waiting tenants and of idle connections.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use kernel::TenantId;

use super::{Purpose, Ticket};
use crate::TenantDescriptor;

/// Connects of one tenant under way at once: one is often enough, two halve a burst's wait.
pub(super) const CONNECTING_PER_TENANT: usize = 2;
/// A cap below this would make a burst wait for itself.
const LEAST_CAP: usize = 2;

/// A tenant that wants a connect. The smallest is served first: who has not reached its cap, then
/// who uses least for its weight, then who waits longest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    pub(super) capped: bool,
    /// Whether it leaves idle connections that were used lately to their tenants: it is at its cap,
    /// or what waits is background work. Nothing for the order.
    pub(super) gentle: bool,
    pub(super) load: usize,
    pub(super) weight: usize,
    pub(super) ticket: Ticket,
    pub(super) tenant: TenantId,
}

impl Ord for Need {
    fn cmp(&self, other: &Self) -> Ordering {
        let share = |one: &Self, two: &Self| one.load.saturating_mul(two.weight);
        self.capped
            .cmp(&other.capped)
            .then_with(|| share(self, other).cmp(&share(other, self)))
            .then_with(|| self.ticket.cmp(&other.ticket))
    }
}

impl PartialOrd for Need {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Need {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Need {}

/// A connection's place among the idle ones; the smallest is evicted first. One that no request
/// has used yet is cold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) warm: bool,
    pub(super) tick: u64,
}

/// A connection nobody uses.
pub(super) struct Idle<C> {
    pub(super) rank: Rank,
    /// The period in which a request last used it.
    pub(super) used_in: u64,
    pub(super) connection: C,
}

/// Someone in a queue.
pub(super) struct Waiting<W> {
    pub(super) ticket: Ticket,
    pub(super) purpose: Purpose,
    pub(super) since: u64,
    pub(super) waiter: W,
}

pub(super) struct Tenant<C, W> {
    pub(super) target: Arc<TenantDescriptor>,
    /// The time before which all of its connections are void.
    pub(super) epoch: u64,
    /// In the order of their ranks; taken from the back, evicted from the front.
    pub(super) idle: VecDeque<Idle<C>>,
    pub(super) in_use: usize,
    pub(super) connecting: usize,
    /// How many of `connecting` were begun for background work.
    pub(super) connecting_background: usize,
    pub(super) queue: VecDeque<Waiting<W>>,
    /// Background work that waits behind every request.
    pub(super) background: VecDeque<Waiting<W>>,
    pub(super) handed_over: usize,
    /// Acquires since the last look at who is busiest.
    pub(super) acquires: u32,
    /// Where it stands among those who want a connect.
    pub(super) indexed: Option<Need>,
}

impl<C, W> Tenant<C, W> {
    pub(super) fn new(target: &Arc<TenantDescriptor>, epoch: u64) -> Self {
        Self {
            target: Arc::clone(target),
            epoch,
            idle: VecDeque::new(),
            in_use: 0,
            connecting: 0,
            connecting_background: 0,
            queue: VecDeque::new(),
            background: VecDeque::new(),
            handed_over: 0,
            acquires: 0,
            indexed: None,
        }
    }

    pub(super) fn load(&self) -> usize {
        self.in_use + self.connecting
    }

    /// Whether it has what it may have while other tenants wait: its plan's cap, at most half of
    /// the budget.
    pub(super) fn is_capped(&self, budget: usize) -> bool {
        let half = (budget / 2).max(LEAST_CAP);
        let cap = self.target.connection_cap.map_or(half, |cap| {
            usize::try_from(cap).unwrap_or(half).clamp(1, half)
        });
        self.load() >= cap
    }

    /// What it stands for with the request that waits longest, if any waits.
    pub(super) fn need(&self, budget: usize) -> Option<Need> {
        let front = self.queue.front()?;
        let weight = self.target.weight.unwrap_or(1).max(1);
        let capped = self.is_capped(budget);
        Some(Need {
            capped,
            gentle: capped || front.purpose == Purpose::Background,
            load: self.load(),
            weight: usize::try_from(weight).unwrap_or(usize::MAX),
            ticket: front.ticket,
            tenant: self.target.id,
        })
    }

    pub(super) fn wants_connect(&self) -> bool {
        self.queue.len() > self.connecting && self.connecting < CONNECTING_PER_TENANT
    }

    /// Puts a connection where its rank belongs: nearly always at the back.
    pub(super) fn keep(&mut self, idle: Idle<C>) {
        let place = self
            .idle
            .iter()
            .rposition(|other| other.rank < idle.rank)
            .map_or(0, |before| before + 1);
        self.idle.insert(place, idle);
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.idle.is_empty()
            && self.load() == 0
            && self.queue.is_empty()
            && self.background.is_empty()
    }
}
