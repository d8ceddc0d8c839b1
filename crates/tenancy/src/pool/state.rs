//! The rules of sharing connections, as a state machine without I/O.
//!
//! A method records what happened and appends to `steps` what must be done about it; the caller
//! does these after it let go of the lock. `C` is a connection, `W` whoever waits for one.
//! `open` counts every physical connection from the decision to connect until `closed`.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use kernel::TenantId;

use crate::TenantDescriptor;

/// Connects of one tenant under way at once: one is often enough, two halve a burst's wait.
const CONNECTING_PER_TENANT: usize = 2;
/// Hand-overs within a tenant while others wait, before the neediest tenant gets the
/// connection: a switch costs a connect, which is worth several requests.
const QUANTUM: usize = 4;

/// Which connection this is: its tenant, and the time before which all of them are void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) tenant: TenantId,
    pub(crate) epoch: u64,
}

/// A place in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// What the caller must do.
#[derive(Debug)]
pub(crate) enum Step<C, W> {
    /// Give the connection to the one who waited; it is in use from now on.
    Deliver { to: W, connection: C },
    /// Close `evicted` if there is one, keep its permit, connect, then call `connected` or
    /// `connect_failed`.
    Connect {
        origin: Origin,
        target: Arc<TenantDescriptor>,
        evicted: Option<C>,
    },
    /// Close the connection, then call `closed`.
    Close(C),
    /// Tell the one who waited that the tenant was closed.
    Refuse(W),
}

/// What the gauges show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) open: usize,
    pub(crate) idle: usize,
    pub(crate) in_use: usize,
    pub(crate) waiting: usize,
}

/// All connections of one cluster.
pub(crate) struct State<C, W> {
    budget: usize,
    queue_limit: usize,
    keeps_idle: bool,
    open: usize,
    tick: u64,
    tenants: HashMap<TenantId, Tenant<C, W>>,
    /// Every idle connection by the time it became idle: the first is the next to evict.
    idle: BTreeMap<u64, TenantId>,
    waiting: BTreeSet<TenantId>,
    steps: Vec<Step<C, W>>,
}

struct Tenant<C, W> {
    target: Arc<TenantDescriptor>,
    epoch: u64,
    /// Oldest first, with the key in `State::idle`; taken from the back, evicted from the front.
    idle: VecDeque<(u64, C)>,
    in_use: usize,
    connecting: usize,
    queue: VecDeque<(Ticket, W)>,
    handed_over: usize,
}

impl<C, W> Tenant<C, W> {
    fn new(target: &Arc<TenantDescriptor>, epoch: u64) -> Self {
        Self {
            target: Arc::clone(target),
            epoch,
            idle: VecDeque::new(),
            in_use: 0,
            connecting: 0,
            queue: VecDeque::new(),
            handed_over: 0,
        }
    }

    fn load(&self) -> usize {
        self.in_use + self.connecting
    }

    fn wants_connect(&self) -> bool {
        self.queue.len() > self.connecting && self.connecting < CONNECTING_PER_TENANT
    }

    fn is_quiet(&self) -> bool {
        self.idle.is_empty() && self.load() == 0 && self.queue.is_empty()
    }
}

impl<C, W> State<C, W> {
    pub(crate) fn new(budget: usize, queue_limit: usize) -> Self {
        Self {
            budget,
            queue_limit,
            keeps_idle: true,
            open: 0,
            tick: 0,
            tenants: HashMap::new(),
            idle: BTreeMap::new(),
            waiting: BTreeSet::new(),
            steps: Vec::new(),
        }
    }

    /// What must be done now; to be called after each other method.
    pub(crate) fn take_steps(&mut self) -> Vec<Step<C, W>> {
        std::mem::take(&mut self.steps)
    }

    /// The tenant's most recently used idle connection; it is in use from now on.
    pub(crate) fn take_idle(&mut self, target: &Arc<TenantDescriptor>) -> Option<C> {
        self.renew(target);
        let tenant = self.tenants.get_mut(&target.id)?;
        let (key, connection) = tenant.idle.pop_back()?;
        tenant.in_use += 1;
        self.idle.remove(&key);
        Some(connection)
    }

    /// Waits for a connection of the tenant. A full queue hands the one who asked back.
    pub(crate) fn enqueue(
        &mut self,
        target: &Arc<TenantDescriptor>,
        waiter: W,
    ) -> Result<Ticket, W> {
        let tick = self.next_tick();
        let limit = self.queue_limit;
        let tenant = self
            .tenants
            .entry(target.id)
            .or_insert_with(|| Tenant::new(target, tick));
        if tenant.queue.len() >= limit {
            return Err(waiter);
        }
        let ticket = Ticket(tick);
        tenant.queue.push_back((ticket, waiter));
        self.waiting.insert(target.id);
        self.pump();
        Ok(ticket)
    }

    /// The one who waited went away.
    pub(crate) fn cancel(&mut self, id: TenantId, ticket: Ticket) {
        if let Some(tenant) = self.tenants.get_mut(&id) {
            tenant.queue.retain(|(queued, _)| *queued != ticket);
            self.tidy(id);
        }
    }

    /// A clean connection came back.
    pub(crate) fn checked_in(&mut self, origin: Origin, connection: C) {
        self.left_use(origin);
        self.settle(origin, connection);
    }

    /// A connection in use will not come back; `closed` follows when its socket is closed.
    pub(crate) fn discarded(&mut self, origin: Origin) {
        self.left_use(origin);
        self.tidy(origin.tenant);
    }

    /// A connect has ended well.
    pub(crate) fn connected(&mut self, origin: Origin, connection: C) {
        self.left_connecting(origin);
        self.settle(origin, connection);
    }

    /// A connect has failed; answers who must be told. `closed` follows.
    ///
    /// One failure ends one wait. Where nothing else could serve the others it ends theirs too,
    /// so that a database which is away is not asked once for each of them.
    pub(crate) fn connect_failed(&mut self, origin: Origin) -> Vec<W> {
        self.left_connecting(origin);
        let Some(tenant) = self.tenants.get_mut(&origin.tenant) else {
            return Vec::new();
        };
        let told = match tenant.load() {
            0 => tenant.queue.len(),
            _ => tenant.queue.len().min(1),
        };
        let told = tenant.queue.drain(..told).map(|(_, waiter)| waiter);
        let told = told.collect();
        self.tidy(origin.tenant);
        told
    }

    /// A socket is closed: its place in the budget is free.
    pub(crate) fn closed(&mut self) {
        self.open = self.open.saturating_sub(1);
        self.pump();
    }

    /// Ends the tenant's connections: idle ones now, those in use when they come back.
    pub(crate) fn evict(&mut self, id: TenantId) {
        let tick = self.next_tick();
        self.void(id, tick);
        if let Some(tenant) = self.tenants.get_mut(&id) {
            let refused = tenant.queue.drain(..).map(|(_, waiter)| waiter);
            self.steps.extend(refused.map(Step::Refuse));
            self.tidy(id);
        }
    }

    /// Closes the idle connections that `stale` points at.
    pub(crate) fn reap(&mut self, stale: impl Fn(&C) -> bool) {
        let ids: BTreeSet<TenantId> = self.idle.values().copied().collect();
        for id in ids {
            let Some(tenant) = self.tenants.get_mut(&id) else {
                continue;
            };
            let (gone, kept) = std::mem::take(&mut tenant.idle)
                .into_iter()
                .partition(|(_, connection)| stale(connection));
            tenant.idle = kept;
            self.close_idle(gone);
            self.tidy(id);
        }
    }

    /// From now on a connection is closed when nobody waits for it.
    pub(crate) fn retire(&mut self) {
        self.keeps_idle = false;
        self.reap(|_| true);
    }

    pub(crate) fn counts(&self) -> Counts {
        let tenants = self.tenants.values();
        tenants.fold(
            Counts {
                open: self.open,
                ..Counts::default()
            },
            |sum, tenant| Counts {
                open: sum.open,
                idle: sum.idle + tenant.idle.len(),
                in_use: sum.in_use + tenant.in_use,
                waiting: sum.waiting + tenant.queue.len(),
            },
        )
    }

    /// A newer generation of the tenant voids what was opened for the older one.
    fn renew(&mut self, target: &Arc<TenantDescriptor>) {
        let tick = self.next_tick();
        match self.tenants.get_mut(&target.id) {
            Some(tenant) if tenant.target.generation < target.generation => {
                tenant.target = Arc::clone(target);
                self.void(target.id, tick);
            }
            Some(_) | None => {}
        }
    }

    fn void(&mut self, id: TenantId, epoch: u64) {
        if let Some(tenant) = self.tenants.get_mut(&id) {
            tenant.epoch = epoch;
            let idle = std::mem::take(&mut tenant.idle);
            self.close_idle(idle);
        }
    }

    fn close_idle(&mut self, idle: VecDeque<(u64, C)>) {
        for (key, connection) in idle {
            self.idle.remove(&key);
            self.steps.push(Step::Close(connection));
        }
    }

    fn left_use(&mut self, origin: Origin) {
        if let Some(tenant) = self.tenants.get_mut(&origin.tenant) {
            tenant.in_use = tenant.in_use.saturating_sub(1);
        }
    }

    fn left_connecting(&mut self, origin: Origin) {
        if let Some(tenant) = self.tenants.get_mut(&origin.tenant) {
            tenant.connecting = tenant.connecting.saturating_sub(1);
        }
    }

    /// Finds the next user of a free connection: its own tenant for a while, then the
    /// neediest, else nobody.
    fn settle(&mut self, origin: Origin, connection: C) {
        let id = origin.tenant;
        let other = self.neediest(Some(id)).filter(|other| *other != id);
        let tick = self.next_tick();
        let Some(tenant) = self.tenants.get_mut(&id) else {
            return self.steps.push(Step::Close(connection));
        };
        let unwanted = !self.keeps_idle && other.is_none() && tenant.queue.is_empty();
        if unwanted || tenant.epoch != origin.epoch {
            self.steps.push(Step::Close(connection));
        } else if let Some(other) = other
            && (tenant.queue.is_empty() || tenant.handed_over >= QUANTUM)
        {
            tenant.handed_over = 0;
            self.connect(other, Some(connection));
        } else if let Some((_, to)) = tenant.queue.pop_front() {
            tenant.handed_over = other.map_or(0, |_| tenant.handed_over + 1);
            tenant.in_use += 1;
            self.steps.push(Step::Deliver { to, connection });
        } else {
            tenant.handed_over = 0;
            tenant.idle.push_back((tick, connection));
            self.idle.insert(tick, id);
        }
        self.tidy(id);
        self.pump();
    }

    /// Starts connects while somebody wants one and there is room or an idle connection to
    /// close for it.
    fn pump(&mut self) {
        while let Some(id) = self.neediest(None) {
            let evicted = if self.open < self.budget {
                self.open += 1;
                None
            } else {
                match self.evict_oldest() {
                    Some(connection) => Some(connection),
                    None => return,
                }
            };
            self.connect(id, evicted);
        }
    }

    /// The waiting tenant that uses least, of equals the one that waits longest. A tenant that
    /// has a connection to hand over (`owner`) needs no connect to be served.
    fn neediest(&self, owner: Option<TenantId>) -> Option<TenantId> {
        self.waiting
            .iter()
            .filter_map(|id| self.tenants.get(id).map(|tenant| (id, tenant)))
            .filter(|(id, tenant)| tenant.wants_connect() || owner == Some(**id))
            .min_by_key(|(_, tenant)| (tenant.load(), tenant.queue.front().map(|front| front.0)))
            .map(|(id, _)| *id)
    }

    fn evict_oldest(&mut self) -> Option<C> {
        let (_, id) = self.idle.pop_first()?;
        let (_, connection) = self.tenants.get_mut(&id)?.idle.pop_front()?;
        self.tidy(id);
        Some(connection)
    }

    fn connect(&mut self, id: TenantId, evicted: Option<C>) {
        if let Some(tenant) = self.tenants.get_mut(&id) {
            tenant.connecting += 1;
            self.steps.push(Step::Connect {
                origin: Origin {
                    tenant: id,
                    epoch: tenant.epoch,
                },
                target: Arc::clone(&tenant.target),
                evicted,
            });
        }
    }

    /// Forgets a tenant nothing is known of: a thousand quiet tenants cost nothing.
    fn tidy(&mut self, id: TenantId) {
        if let Some(tenant) = self.tenants.get(&id) {
            if tenant.queue.is_empty() {
                self.waiting.remove(&id);
            }
            if tenant.is_quiet() {
                self.tenants.remove(&id);
            }
        }
    }

    fn next_tick(&mut self) -> u64 {
        self.tick += 1;
        self.tick
    }
}

#[cfg(test)]
mod tests;
