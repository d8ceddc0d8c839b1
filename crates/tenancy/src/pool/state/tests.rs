//! A small world around the state machine: every connect, close and user is a list entry that a
//! test ends when it likes.

use kernel::ClusterId;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::TenantLimits;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Connection {
    origin: Origin,
}

struct World {
    state: State<Connection, u32>,
    budget: usize,
    asked: u32,
    queued: Vec<(u32, TenantId, Ticket)>,
    held: Vec<Connection>,
    connecting: Vec<Origin>,
    closing: usize,
    refused: usize,
    connects: usize,
}

fn tenant(number: u8) -> TenantId {
    TenantId::from(Uuid::from_u128(number.into()))
}

fn target(number: u8, generation: i32) -> Arc<TenantDescriptor> {
    Arc::new(TenantDescriptor {
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
    })
}

impl World {
    fn new(budget: usize) -> Self {
        Self {
            state: State::new(budget, 8),
            budget,
            asked: 0,
            queued: Vec::new(),
            held: Vec::new(),
            connecting: Vec::new(),
            closing: 0,
            refused: 0,
            connects: 0,
        }
    }

    fn acquire(&mut self, target: &Arc<TenantDescriptor>) {
        self.asked += 1;
        let asked = self.asked;
        if let Some(connection) = self.state.take_idle(target) {
            self.held.push(connection);
        } else if let Ok(ticket) = self.state.enqueue(target, asked) {
            self.queued.push((asked, target.id, ticket));
        }
        self.obey();
    }

    fn connect_ends(&mut self, index: usize, well: bool) {
        let origin = self.connecting.remove(index % self.connecting.len());
        if well {
            self.state.connected(origin, Connection { origin });
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
        let connection = self.held.remove(index % self.held.len());
        if clean {
            self.state.checked_in(connection.origin, connection);
        } else {
            self.state.discarded(connection.origin);
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
        let (_, id, ticket) = self.queued.remove(index % self.queued.len());
        self.state.cancel(id, ticket);
        self.obey();
    }

    fn obey(&mut self) {
        for step in self.state.take_steps() {
            match step {
                Step::Deliver { to, connection } => {
                    let place = self.queued.iter().position(|(asked, ..)| *asked == to);
                    let (_, id, _) = self.queued.remove(place.expect("delivered to a waiter"));
                    assert_eq!(id, connection.origin.tenant);
                    self.held.push(connection);
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

    fn check(&self) {
        let counts = self.state.counts();
        let physical = self.held.len() + self.connecting.len() + self.closing + counts.idle;
        assert_eq!(counts.open, physical);
        assert!(counts.open <= self.budget, "over budget");
        assert_eq!(counts.in_use, self.held.len());
        assert_eq!(counts.waiting, self.queued.len());
        assert_eq!(counts.idle, self.state.idle.len());
        if !self.queued.is_empty() && counts.open < self.budget {
            let busy = |id| self.connecting.iter().filter(|o| o.tenant == id).count();
            for (_, id, _) in &self.queued {
                assert!(busy(*id) > 0, "room and nobody connects: lost wake-up");
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
            } else {
                return;
            }
        }
        panic!("never comes to rest");
    }
}

#[derive(Clone, Debug)]
enum Move {
    Acquire(u8, i32),
    ConnectEnds(usize, bool),
    GiveBack(usize, bool),
    CloseEnds,
    Cancel(usize),
    Evict(u8),
    Reap,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        8 => (0..6u8, 0..3i32).prop_map(|(t, g)| Move::Acquire(t, g)),
        4 => (any::<usize>(), prop::bool::weighted(0.9)).prop_map(|(i, w)| Move::ConnectEnds(i, w)),
        5 => (any::<usize>(), prop::bool::weighted(0.9)).prop_map(|(i, c)| Move::GiveBack(i, c)),
        2 => Just(Move::CloseEnds),
        1 => any::<usize>().prop_map(Move::Cancel),
        1 => (0..6u8).prop_map(Move::Evict),
        1 => Just(Move::Reap),
    ]
}

proptest! {
    #[test]
    fn budget_holds_and_everyone_is_served(
        budget in 1..5usize,
        moves in prop::collection::vec(moves(), 1..200),
    ) {
        let mut world = World::new(budget);
        for next in moves {
            match next {
                Move::Acquire(t, generation) => world.acquire(&target(t, generation)),
                Move::ConnectEnds(i, well) if !world.connecting.is_empty() => world.connect_ends(i, well),
                Move::GiveBack(i, clean) if !world.held.is_empty() => world.give_back(i, clean),
                Move::CloseEnds if world.closing > 0 => world.close_ends(),
                Move::Cancel(i) if !world.queued.is_empty() => world.cancel(i),
                Move::Evict(t) => {
                    world.state.evict(tenant(t));
                    world.obey();
                }
                Move::Reap => {
                    world.state.reap(|_| true);
                    world.obey();
                }
                _ => {}
            }
        }
        world.run_out();
        prop_assert!(world.queued.is_empty(), "somebody was never served");
        world.state.reap(|_| true);
        world.obey();
        world.run_out();
        prop_assert!(world.state.tenants.is_empty(), "a quiet tenant is remembered");
        prop_assert_eq!(world.state.counts(), Counts::default());
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
fn tenant_with_least_is_served_first_after_the_quantum() {
    let mut world = World::new(2);
    for _ in 0..8 {
        world.acquire(&target(1, 0));
    }
    world.connect_ends(0, true);
    world.connect_ends(0, true);
    world.acquire(&target(2, 0));
    let mut turns = 0;
    while world.connecting.is_empty() {
        world.give_back(0, true);
        turns += 1;
    }
    assert_eq!(turns, QUANTUM + 1);
    assert_eq!(world.connecting[0].tenant, tenant(2));
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
