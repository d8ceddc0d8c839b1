//! The rules of sharing connections, as a state machine without I/O.
//!
//! A method records what happened and appends to `steps` what must be done about it; the caller
//! does these after it let go of the lock. `C` is a connection, `W` whoever waits for one.
//! `open` counts every physical connection from the decision to connect until `closed`. Time is
//! counted in periods, which the caller ends: no look at a clock per acquire.

mod activity;
mod serve;
mod share;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kernel::TenantId;

use self::activity::Activity;
use self::share::{Need, Rank, Tenant, Waiting};
use crate::TenantDescriptor;

/// Periods after which background work that still waits is queued like a request, so that
/// requests which never end do not keep it waiting for ever.
const PATIENCE: u64 = 3;
/// Periods for which an eviction is remembered: longer than anybody carries a descriptor from the
/// resolver's answer to the queue.
const REMEMBERED: u64 = 60;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody waits for the answer.
    Request,
    /// Sweeps and other work that may wait: behind every request, in a part of the budget.
    Background,
}

/// Which connect this is: its tenant, and the time before which all of them are void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) tenant: TenantId,
    epoch: u64,
    purpose: Purpose,
}

/// What is known of a connection in use; it comes back with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loan {
    pub(crate) tenant: TenantId,
    epoch: u64,
    purpose: Purpose,
    /// Where it stood among the idle ones: background work leaves it there.
    rank: Rank,
    used_in: u64,
}

/// A place in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// Why there is no place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotQueued {
    /// It is full.
    Full,
    /// The tenant was evicted after its descriptor was asked for.
    Outdated,
}

/// What the caller must do.
#[derive(Debug)]
pub(crate) enum Step<C, W> {
    /// Give the connection to the one who waited; it is in use from now on.
    Deliver { to: W, connection: C, loan: Loan },
    /// Close `evicted` if there is one, keep its permit, connect, then call `connected` or
    /// `connect_failed`.
    Connect {
        origin: Origin,
        target: Arc<TenantDescriptor>,
        evicted: Option<C>,
    },
    /// Close the connection, then call `closed`.
    Close(C),
    /// Tell the one who waited that the tenant was evicted.
    Refuse(W),
}

/// What the gauges show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) open: usize,
    pub(crate) idle: usize,
    pub(crate) in_use: usize,
    pub(crate) waiting: usize,
    pub(crate) waiting_tenants: usize,
}

/// One of the busiest tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy {
    pub(crate) tenant: TenantId,
    /// Connections acquired in the last minute.
    pub(crate) acquires: u32,
    pub(crate) in_use: usize,
    pub(crate) waiting: usize,
}

/// All connections of one cluster.
pub(crate) struct State<C, W> {
    budget: usize,
    queue_limit: usize,
    keeps_idle: bool,
    open: usize,
    /// How many of `open` are on their way out.
    closing: usize,
    tick: u64,
    period: u64,
    tenants: HashMap<TenantId, Tenant<C, W>>,
    /// Every idle connection with the period of its last use: the first is the next to evict.
    idle: BTreeMap<Rank, (TenantId, u64)>,
    /// The tenants that want a connect: the first is the next to be served.
    needy: BTreeSet<Need>,
    requests_waiting: usize,
    /// Background work that waits, oldest first.
    patient: BTreeMap<Ticket, TenantId>,
    /// Connections that background work uses or is connecting.
    background: usize,
    /// Evictions lately: their number and period.
    evicted: HashMap<TenantId, (u64, u64)>,
    activity: Activity,
    steps: Vec<Step<C, W>>,
}

impl<C, W> State<C, W> {
    pub(crate) fn new(budget: usize, queue_limit: usize) -> Self {
        Self {
            budget,
            queue_limit,
            keeps_idle: true,
            open: 0,
            closing: 0,
            tick: 0,
            period: 0,
            tenants: HashMap::new(),
            idle: BTreeMap::new(),
            needy: BTreeSet::new(),
            requests_waiting: 0,
            patient: BTreeMap::new(),
            background: 0,
            evicted: HashMap::new(),
            activity: Activity::default(),
            steps: Vec::new(),
        }
    }

    /// What must be done now; to be called after each other method.
    pub(crate) fn take_steps(&mut self) -> Vec<Step<C, W>> {
        std::mem::take(&mut self.steps)
    }

    /// The tenant's most recently used idle connection, for a request; it is in use from now on.
    pub(crate) fn take_idle(&mut self, target: &Arc<TenantDescriptor>) -> Option<(C, Loan)> {
        let tenant = self.tenants.get_mut(&target.id)?;
        if !Arc::ptr_eq(&tenant.target, target) {
            self.renew(target);
        }
        let tenant = self.tenants.get_mut(&target.id)?;
        let idle = tenant.idle.pop_back()?;
        tenant.in_use += 1;
        tenant.acquires = tenant.acquires.saturating_add(1);
        self.idle.remove(&idle.rank);
        let loan = Loan {
            tenant: target.id,
            epoch: tenant.epoch,
            purpose: Purpose::Request,
            rank: idle.rank,
            used_in: idle.used_in,
        };
        Some((idle.connection, loan))
    }

    /// Waits for a connection of the tenant. `asked` is the number of evictions, of any tenant,
    /// before the resolver was asked for `target`.
    pub(crate) fn enqueue(
        &mut self,
        target: &Arc<TenantDescriptor>,
        asked: u64,
        purpose: Purpose,
        waiter: W,
    ) -> Result<Ticket, NotQueued> {
        if self.evicted.get(&target.id).is_some_and(|at| at.0 > asked) {
            return Err(NotQueued::Outdated);
        }
        self.renew(target);
        let ticket = Ticket(self.next_tick());
        let (limit, since) = (self.queue_limit, self.period);
        let tenant = self
            .tenants
            .entry(target.id)
            .or_insert_with(|| Tenant::new(target, ticket.0));
        let queue = match purpose {
            Purpose::Request => &mut tenant.queue,
            Purpose::Background => &mut tenant.background,
        };
        if queue.len() >= limit {
            return Err(NotQueued::Full);
        }
        queue.push_back(Waiting {
            ticket,
            purpose,
            since,
            waiter,
        });
        match purpose {
            Purpose::Request => self.requests_waiting += 1,
            Purpose::Background => drop(self.patient.insert(ticket, target.id)),
        }
        self.refresh(target.id);
        self.pump();
        Ok(ticket)
    }

    /// The one who waited went away.
    pub(crate) fn cancel(&mut self, id: TenantId, ticket: Ticket) {
        let Some(tenant) = self.tenants.get_mut(&id) else {
            return;
        };
        let queued = tenant.queue.len();
        tenant.queue.retain(|waiting| waiting.ticket != ticket);
        self.requests_waiting -= queued - tenant.queue.len();
        if self.patient.remove(&ticket).is_some() {
            tenant.background.retain(|waiting| waiting.ticket != ticket);
        }
        self.refresh(id);
        self.pump();
    }

    /// A clean connection came back.
    pub(crate) fn checked_in(&mut self, loan: Loan, connection: C) {
        self.left_use(loan);
        let (rank, used_in) = match loan.purpose {
            Purpose::Request => (self.warmest(), self.period),
            Purpose::Background => (loan.rank, loan.used_in),
        };
        self.settle(loan.tenant, loan.epoch, rank, used_in, connection);
    }

    /// A connection in use will not come back; `closed` follows when its socket is closed.
    pub(crate) fn discarded(&mut self, loan: Loan) {
        self.left_use(loan);
        self.closing += 1;
        self.refresh(loan.tenant);
        self.pump();
    }

    /// Whether the connection is still good when it comes back: its tenant was not evicted.
    pub(crate) fn is_current(&self, loan: Loan) -> bool {
        let tenant = self.tenants.get(&loan.tenant);
        tenant.is_some_and(|tenant| tenant.epoch == loan.epoch)
    }

    /// A connect has ended well.
    pub(crate) fn connected(&mut self, origin: Origin, connection: C) {
        self.left_connecting(origin);
        let rank = Rank {
            warm: origin.purpose == Purpose::Request,
            ..self.warmest()
        };
        self.settle(origin.tenant, origin.epoch, rank, self.period, connection);
    }

    /// A connect has failed; answers who must be told. `closed` follows.
    ///
    /// One failure ends one wait. Where nothing else could serve the others it ends theirs too,
    /// so that a database which is away is not asked once for each of them. A login that was void
    /// already says nothing about the present one.
    pub(crate) fn connect_failed(&mut self, origin: Origin) -> Vec<W> {
        self.left_connecting(origin);
        self.closing += 1;
        let mut told = Vec::new();
        if let Some(tenant) = self.tenants.get_mut(&origin.tenant)
            && tenant.epoch == origin.epoch
        {
            let alone = tenant.load() == 0;
            let part = |length: usize| if alone { length } else { length.min(1) };
            let requests = tenant.queue.drain(..part(tenant.queue.len()));
            told.extend(requests);
            self.requests_waiting -= told.len();
            if alone || told.is_empty() {
                let background = tenant.background.drain(..part(tenant.background.len()));
                told.extend(background);
            }
        }
        for waiting in &told {
            self.patient.remove(&waiting.ticket);
        }
        self.refresh(origin.tenant);
        self.pump();
        told.into_iter().map(|waiting| waiting.waiter).collect()
    }

    /// A socket is closed: its place in the budget is free.
    pub(crate) fn closed(&mut self) {
        self.open = self.open.saturating_sub(1);
        self.closing = self.closing.saturating_sub(1);
        self.pump();
    }

    /// Ends the tenant's connections: idle ones now, those in use when they come back. Who waits
    /// is told to ask the resolver again, as is everybody who asked before eviction `number`.
    pub(crate) fn evict(&mut self, id: TenantId, number: u64) {
        self.evicted.insert(id, (number, self.period));
        let tick = self.next_tick();
        self.void(id, tick);
        if let Some(tenant) = self.tenants.get_mut(&id) {
            self.requests_waiting -= tenant.queue.len();
            let refused = tenant.queue.drain(..).chain(tenant.background.drain(..));
            for waiting in refused {
                self.patient.remove(&waiting.ticket);
                self.steps.push(Step::Refuse(waiting.waiter));
            }
            self.refresh(id);
        }
        self.pump();
    }

    /// Closes the idle connections that `stale` points at.
    pub(crate) fn reap(&mut self, stale: impl Fn(&C) -> bool) {
        let ids: BTreeSet<TenantId> = self.idle.values().map(|(id, _)| *id).collect();
        for id in ids {
            let Some(tenant) = self.tenants.get_mut(&id) else {
                continue;
            };
            let (gone, kept) = std::mem::take(&mut tenant.idle)
                .into_iter()
                .partition(|idle| stale(&idle.connection));
            tenant.idle = kept;
            self.close_idle(gone);
            self.refresh(id);
        }
    }

    /// From now on a connection is closed when nobody waits for it.
    pub(crate) fn retire(&mut self) {
        self.keeps_idle = false;
        self.reap(|_| true);
    }

    /// Follows a changed budget. A smaller one closes idle connections now and others as they come
    /// back.
    pub(crate) fn set_budget(&mut self, budget: usize) {
        self.budget = budget;
        let ids: Vec<TenantId> = self.needy.iter().map(|need| need.tenant).collect();
        for id in ids {
            self.refresh(id);
        }
        while self.is_over_budget()
            && let Some(connection) = self.evict_oldest(false)
        {
            self.close(connection);
        }
        self.pump();
    }

    /// Some time has passed, the same each time.
    pub(crate) fn period_passed(&mut self) {
        self.period += 1;
        let period = self.period;
        for (id, tenant) in &mut self.tenants {
            self.activity.add(*id, std::mem::take(&mut tenant.acquires));
        }
        self.activity.period_passed(period);
        self.evicted
            .retain(|_, evicted| evicted.1 + REMEMBERED > period);
        self.promote();
        self.pump();
    }

    pub(crate) fn counts(&self) -> Counts {
        let tenants = self.tenants.values();
        tenants.fold(
            Counts {
                open: self.open,
                ..Counts::default()
            },
            |sum, tenant| {
                let waiting = tenant.queue.len() + tenant.background.len();
                Counts {
                    open: sum.open,
                    idle: sum.idle + tenant.idle.len(),
                    in_use: sum.in_use + tenant.in_use,
                    waiting: sum.waiting + waiting,
                    waiting_tenants: sum.waiting_tenants + usize::from(waiting > 0),
                }
            },
        )
    }

    /// Each tenant's request that has waited longest.
    pub(crate) fn fronts(&self) -> impl Iterator<Item = &W> {
        let tenants = self.tenants.values();
        tenants.filter_map(|tenant| Some(&tenant.queue.front()?.waiter))
    }

    /// The tenants with most acquires in the last minute, busiest first.
    pub(crate) fn busiest(&self, most: usize) -> Vec<Busy> {
        let mut sums = self.activity.sums();
        for (id, tenant) in &self.tenants {
            let sum = sums.entry(*id).or_default();
            *sum = sum.saturating_add(tenant.acquires);
        }
        let mut order: Vec<(TenantId, u32)> = sums.into_iter().filter(|sum| sum.1 > 0).collect();
        order.sort_unstable_by_key(|(id, acquires)| (std::cmp::Reverse(*acquires), *id));
        let busy = order.into_iter().take(most).map(|(id, acquires)| {
            let tenant = self.tenants.get(&id);
            Busy {
                tenant: id,
                acquires,
                in_use: tenant.map_or(0, |tenant| tenant.in_use),
                waiting: tenant.map_or(0, |tenant| tenant.queue.len()),
            }
        });
        busy.collect()
    }

    /// The newest descriptor counts. A newer generation voids what was opened for the older one.
    fn renew(&mut self, target: &Arc<TenantDescriptor>) {
        let tick = self.next_tick();
        let Some(tenant) = self.tenants.get_mut(&target.id) else {
            return;
        };
        let generation = tenant.target.generation;
        if generation <= target.generation {
            tenant.target = Arc::clone(target);
        }
        if generation < target.generation {
            self.void(target.id, tick);
        }
    }

    fn void(&mut self, id: TenantId, epoch: u64) {
        if let Some(tenant) = self.tenants.get_mut(&id) {
            tenant.epoch = epoch;
            let idle = std::mem::take(&mut tenant.idle);
            self.close_idle(idle);
        }
    }

    /// The place of a connection that a request has just used.
    fn warmest(&mut self) -> Rank {
        Rank {
            warm: true,
            tick: self.next_tick(),
        }
    }

    fn next_tick(&mut self) -> u64 {
        self.tick += 1;
        self.tick
    }
}

#[cfg(test)]
mod tests;
