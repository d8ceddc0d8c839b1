//! A small world around the state machine: every connect, close and user is a list entry that a
//! test ends when it likes.

mod background;
mod fairness;
mod random;

use kernel::ClusterId;
use uuid::Uuid;

use super::serve::QUANTUM;
use super::share::CONNECTING_PER_TENANT;
use super::*;
use crate::TenantLimits;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Connection {
    tenant: TenantId,
}

struct World {
    state: State<Connection, u32>,
    /// Most connections there may be now: above the budget only while it shrinks.
    ceiling: usize,
    asked: u32,
    evictions: u64,
    queued: Vec<(u32, TenantId, Ticket, Purpose)>,
    held: Vec<(Connection, Loan)>,
    connecting: Vec<Origin>,
    closing: usize,
    refused: usize,
    connects: usize,
    delivered: usize,
}

fn tenant(number: u16) -> TenantId {
    TenantId::from(Uuid::from_u128(number.into()))
}

fn target(number: u16, generation: i32) -> Arc<TenantDescriptor> {
    Arc::new(descriptor(number, generation))
}

fn weighing(number: u16, weight: u32) -> Arc<TenantDescriptor> {
    let weight = Some(weight);
    Arc::new(TenantDescriptor {
        weight,
        ..descriptor(number, 0)
    })
}

fn descriptor(number: u16, generation: i32) -> TenantDescriptor {
    TenantDescriptor {
        id: tenant(number),
        generation,
        cluster: ClusterId::from(Uuid::nil()),
        host: String::new(),
        port: 0,
        database: String::new(),
        role: String::new(),
        password: "".into(),
        schema_version: None,
        connection_budget: None,
        limits: TenantLimits::default(),
        weight: None,
        connection_cap: None,
    }
}

impl World {
    fn new(budget: usize) -> Self {
        Self {
            state: State::new(budget, 8),
            ceiling: budget,
            asked: 0,
            evictions: 0,
            queued: Vec::new(),
            held: Vec::new(),
            connecting: Vec::new(),
            closing: 0,
            refused: 0,
            connects: 0,
            delivered: 0,
        }
    }

    /// A request; whether an idle connection served it.
    fn acquire(&mut self, target: &Arc<TenantDescriptor>) -> bool {
        let taken = self.state.take_idle(target);
        let hit = taken.is_some();
        match taken {
            Some(taken) => self.held.push(taken),
            None => self.enqueue(target, Purpose::Request),
        }
        self.obey();
        hit
    }

    fn acquire_background(&mut self, target: &Arc<TenantDescriptor>) {
        self.enqueue(target, Purpose::Background);
        self.obey();
    }

    fn enqueue(&mut self, target: &Arc<TenantDescriptor>, purpose: Purpose) {
        self.asked += 1;
        let asked = self.asked;
        let queued = self.state.enqueue(target, self.evictions, purpose, asked);
        if let Ok(ticket) = queued {
            self.queued.push((asked, target.id, ticket, purpose));
        }
    }

    fn connect_ends(&mut self, index: usize, well: bool) {
        let origin = self.connecting.remove(index % self.connecting.len());
        let tenant = origin.tenant;
        if well {
            self.state.connected(origin, Connection { tenant });
        } else {
            let told = self.state.connect_failed(origin);
            self.queued.retain(|(asked, ..)| !told.contains(asked));
            self.closing += 1;
            self.obey();
            self.close_ends();
        }
        self.obey();
    }

    fn give_back(&mut self, index: usize, clean: bool) {
        let (connection, loan) = self.held.remove(index % self.held.len());
        if clean {
            self.state.checked_in(loan, connection);
        } else {
            self.state.discarded(loan);
            self.closing += 1;
        }
        self.obey();
    }

    fn close_ends(&mut self) {
        self.closing -= 1;
        self.state.closed();
        self.obey();
    }

    fn cancel(&mut self, index: usize) {
        let (_, id, ticket, _) = self.queued.remove(index % self.queued.len());
        self.state.cancel(id, ticket);
        self.obey();
    }

    fn evict(&mut self, number: u16) {
        self.evictions += 1;
        self.state.evict(tenant(number), self.evictions);
        self.obey();
    }

    fn set_budget(&mut self, budget: usize) {
        self.ceiling = budget.max(self.state.counts().open);
        self.state.set_budget(budget);
        self.obey();
    }

    fn periods_pass(&mut self, periods: u64) {
        for _ in 0..periods {
            self.state.period_passed();
            self.obey();
        }
    }

    fn obey(&mut self) {
        for step in self.state.take_steps() {
            match step {
                Step::Deliver {
                    to,
                    connection,
                    loan,
                } => {
                    let place = self.queued.iter().position(|(asked, ..)| *asked == to);
                    let (_, id, ..) = self.queued.remove(place.expect("delivered to a waiter"));
                    assert_eq!((id, id), (connection.tenant, loan.tenant));
                    self.held.push((connection, loan));
                    self.delivered += 1;
                }
                Step::Connect { origin, target, .. } => {
                    assert_eq!(origin.tenant, target.id);
                    self.connecting.push(origin);
                    self.connects += 1;
                }
                Step::Close(_) => self.closing += 1,
                Step::Refuse(to) => {
                    self.queued.retain(|(asked, ..)| *asked != to);
                    self.refused += 1;
                }
            }
        }
        self.check();
    }

    /// What holds after every step.
    fn check(&mut self) {
        let counts = self.state.counts();
        let physical = self.held.len() + self.connecting.len() + self.closing + counts.idle;
        assert_eq!(counts.open, physical);
        assert_eq!(self.state.closing, self.closing);
        assert!(counts.open <= self.ceiling, "over budget");
        self.ceiling = self.state.budget.max(counts.open);
        assert_eq!(counts.in_use, self.held.len());
        assert_eq!(counts.waiting, self.queued.len());
        self.check_index();
        self.check_background();
        self.check_nobody_is_forgotten(counts.open);
    }

    fn check_index(&self) {
        let state = &self.state;
        let mut idle = 0;
        for (id, tenant) in &state.tenants {
            for connection in &tenant.idle {
                let indexed = state.idle.get(&connection.rank);
                assert_eq!(indexed, Some(&(*id, connection.used_in)));
                idle += 1;
            }
            let sorted = tenant.idle.iter().is_sorted_by_key(|idle| idle.rank);
            assert!(sorted, "idle connections out of order");
            let unused = !tenant.idle.is_empty() && !tenant.queue.is_empty();
            assert!(!unused, "a request waits beside an idle connection");
            let wants = tenant.wants_connect() && !tenant.queue.is_empty();
            assert_eq!(tenant.indexed.is_some(), wants, "index of the needy");
            if let Some(need) = tenant.need(state.budget).filter(|_| wants) {
                assert!(state.needy.contains(&need));
            }
        }
        assert_eq!(idle, state.idle.len());
        let needy = state.tenants.values().filter(|t| t.indexed.is_some());
        assert_eq!(needy.count(), state.needy.len());
    }

    fn check_background(&self) {
        let state = &self.state;
        let background = |purpose: Purpose| purpose == Purpose::Background;
        let used = self.held.iter().filter(|(_, l)| background(l.purpose));
        let connecting = self.connecting.iter().filter(|o| background(o.purpose));
        assert_eq!(state.background, used.count() + connecting.count());
        let requests = state.tenants.values().map(|t| t.queue.len());
        assert_eq!(state.requests_waiting, requests.sum::<usize>());
        let patient = state.tenants.values().map(|t| t.background.len());
        assert_eq!(state.patient.len(), patient.sum::<usize>());
    }

    fn check_nobody_is_forgotten(&self, open: usize) {
        let state = &self.state;
        let connects = |id| self.connecting.iter().filter(|o| o.tenant == id).count();
        if open < state.budget {
            for tenant in state.tenants.values().filter(|t| !t.queue.is_empty()) {
                let busy = connects(tenant.target.id) > 0;
                assert!(busy, "room and nobody connects: lost wake-up");
            }
        }
        let may = state.background < state.background_share() && state.requests_waiting == 0;
        if may && open + 1 < state.budget {
            for id in state.patient.values() {
                assert!(connects(*id) > 0, "background work is forgotten");
            }
        }
    }

    /// Everybody gives back what they hold, everything under way ends well.
    fn run_out(&mut self) {
        for _ in 0..10_000 {
            if !self.connecting.is_empty() {
                self.connect_ends(0, true);
            } else if self.closing > 0 {
                self.close_ends();
            } else if !self.held.is_empty() {
                self.give_back(0, true);
            } else if !self.queued.is_empty() {
                self.periods_pass(1);
            } else {
                return;
            }
        }
        panic!("never comes to rest");
    }
}

#[test]
fn newest_idle_connection_is_reused_and_oldest_evicted() {
    let mut world = World::new(2);
    for number in [1, 2] {
        world.acquire(&target(number, 0));
        world.connect_ends(0, true);
    }
    world.give_back(0, true);
    world.give_back(0, true);
    world.acquire(&target(3, 0));
    assert!(world.state.take_idle(&target(1, 0)).is_none());
    assert!(world.state.take_idle(&target(2, 0)).is_some());
}

#[test]
fn burst_of_one_tenant_opens_two_connections_at_a_time() {
    let mut world = World::new(10);
    for _ in 0..6 {
        world.acquire(&target(1, 0));
    }
    assert_eq!(world.connecting.len(), CONNECTING_PER_TENANT);
}

#[test]
fn newer_generation_closes_idle_at_once_and_used_on_return() {
    let mut world = World::new(4);
    world.acquire(&target(1, 0));
    world.connect_ends(0, true);
    world.acquire(&target(1, 0));
    world.connect_ends(0, true);
    world.give_back(0, true);
    world.acquire(&target(1, 1));
    assert_eq!(world.closing, 1);
    world.give_back(0, true);
    assert_eq!(world.closing, 2);
}

#[test]
fn failed_connect_ends_every_wait_when_nothing_else_could_serve_it() {
    let mut world = World::new(1);
    for _ in 0..3 {
        world.acquire(&target(1, 0));
    }
    world.connect_ends(0, false);
    assert!(world.queued.is_empty());
    assert_eq!(world.connects, 1);
}

#[test]
fn eviction_refuses_who_waits_and_who_asked_before_it() {
    let mut world = World::new(4);
    world.acquire(&target(1, 0));
    let asked_before = world.evictions;
    world.evict(1);
    assert_eq!(world.refused, 1);
    let late = world
        .state
        .enqueue(&target(1, 0), asked_before, Purpose::Request, 0);
    assert_eq!(late, Err(NotQueued::Outdated));
    // The failure of a connect begun before the eviction says nothing about the new login.
    world.acquire(&target(1, 1));
    world.connect_ends(0, false);
    assert_eq!(world.queued.len(), 1);
    world.run_out();
    assert!(world.queued.is_empty());
}

#[test]
fn smaller_budget_closes_idle_ones_first_and_used_ones_as_they_come_back() {
    let mut world = World::new(6);
    for number in 1..=6 {
        world.acquire(&target(number, 0));
        world.connect_ends(0, true);
    }
    for _ in 0..3 {
        world.give_back(0, true);
    }
    world.set_budget(2);
    assert_eq!((world.state.idle.len(), world.closing), (0, 3));
    world.give_back(0, true);
    assert_eq!(world.closing, 4);
    world.give_back(0, true);
    assert_eq!((world.state.idle.len(), world.closing), (1, 4));
    for _ in 0..4 {
        world.close_ends();
    }
    world.give_back(0, true);
    assert_eq!((world.state.idle.len(), world.closing), (2, 0));
    world.set_budget(6);
    for number in 1..=6 {
        world.acquire(&target(number, 0));
    }
    assert_eq!(world.state.counts().open, 6);
}

#[test]
fn busiest_tenants_are_those_of_the_last_minute() {
    let mut world = World::new(4);
    for (number, times) in [(1, 5), (2, 9), (3, 1)] {
        for _ in 0..times {
            world.acquire(&target(number, 0));
            world.run_out();
        }
    }
    let busy = |world: &World| -> Vec<(TenantId, u32)> {
        let busiest = world.state.busiest(2);
        busiest.iter().map(|b| (b.tenant, b.acquires)).collect()
    };
    assert_eq!(busy(&world), [(tenant(2), 9), (tenant(1), 5)]);
    world.periods_pass(30);
    world.acquire(&target(1, 0));
    assert_eq!(busy(&world), [(tenant(2), 9), (tenant(1), 6)]);
    world.periods_pass(40);
    assert_eq!(busy(&world), [(tenant(1), 1)]);
}
