//! The exchange under a scheduler that chooses the interleaving: threads ask, give up, give back
//! and evict while connects and closes end when they like. A wake-up that is lost is a deadlock,
//! which the scheduler reports; a connection that is used twice or opened above the budget is seen
//! by the host.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use kernel::{ClusterId, TenantId};
use shuttle::rand::Rng as _;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner, future, thread};
use uuid::Uuid;

use super::*;
use crate::TenantLimits;

struct Server {
    exchange: Exchange<Server>,
    budget: usize,
    /// Connections that are open or being opened or closed, as the server would count them.
    open: AtomicUsize,
    evictions: AtomicUsize,
    /// Connects and closes that have not ended.
    under_way: AtomicUsize,
    fails: bool,
}

struct Link {
    tenant: TenantId,
    used: AtomicBool,
    broken: bool,
}

impl Server {
    fn new(budget: usize, fails: bool) -> Arc<Self> {
        Arc::new(Self {
            exchange: Exchange::new(budget, 8),
            budget,
            open: AtomicUsize::new(0),
            evictions: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            fails,
        })
    }

    fn spawn(self: &Arc<Self>, work: impl FnOnce(&Arc<Self>) + Send + 'static) {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let host = Arc::clone(self);
        thread::spawn(move || {
            work(&host);
            host.under_way.fetch_sub(1, Ordering::SeqCst);
        });
    }

    fn evict(self: &Arc<Self>, tenant: TenantId) {
        let number = self.evictions.fetch_add(1, Ordering::SeqCst) + 1;
        Exchange::with(self, |state| state.evict(tenant, number as u64));
    }

    /// Asks until there is an answer other than that the tenant was evicted.
    async fn acquire(self: &Arc<Self>, number: u8, purpose: Purpose) -> Option<Grant<Self>> {
        let target = target(number);
        if purpose == Purpose::Request
            && let Some(grant) = Exchange::take(self, &target)
        {
            return Some(grant);
        }
        loop {
            let asked = self.evictions.load(Ordering::SeqCst) as u64;
            match Exchange::wait(self, &target, asked, purpose).await {
                Ok(grant) => return Some(grant),
                Err(Setback::Evicted) => {}
                Err(_) => return None,
            }
        }
    }
}

impl Host for Server {
    type Connection = Link;

    fn exchange(&self) -> &Exchange<Self> {
        &self.exchange
    }

    fn connect(
        self: &Arc<Self>,
        origin: Origin,
        target: Arc<TenantDescriptor>,
        evicted: Option<Link>,
    ) {
        if evicted.is_none() {
            let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
            assert!(open <= self.budget, "over budget");
        }
        self.spawn(move |host| {
            let _closed = evicted;
            thread::yield_now();
            if host.fails && shuttle::rand::thread_rng().gen_bool(0.2) {
                let why = Setback::Final(PoolError::Unavailable);
                Exchange::connect_failed(host, origin, &why);
                host.open.fetch_sub(1, Ordering::SeqCst);
                Exchange::with(host, State::closed);
            } else {
                let link = Link {
                    tenant: target.id,
                    used: AtomicBool::new(false),
                    broken: false,
                };
                Exchange::connected(host, origin, link);
            }
        });
    }

    fn close(self: &Arc<Self>, connection: Link) {
        self.spawn(move |host| {
            let _closed = connection;
            host.open.fetch_sub(1, Ordering::SeqCst);
            Exchange::with(host, State::closed);
        });
    }

    fn may_return(&self, connection: &mut Link) -> bool {
        !connection.broken
    }
}

fn tenant(number: u8) -> TenantId {
    TenantId::from(Uuid::from_u128(number.into()))
}

fn target(number: u8) -> Arc<TenantDescriptor> {
    Arc::new(TenantDescriptor {
        id: tenant(number),
        generation: 0,
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

/// Uses the connection: alone, and of the right tenant. One in ten breaks.
fn work(grant: &mut Grant<Server>, number: u8) {
    let link = grant.connection().expect("a grant has its connection");
    assert_eq!(link.tenant, tenant(number), "a neighbour's connection");
    assert!(!link.used.swap(true, Ordering::SeqCst), "used twice");
    thread::yield_now();
    link.used.store(false, Ordering::SeqCst);
    link.broken = shuttle::rand::thread_rng().gen_bool(0.1);
}

/// Polls the future a few times at most: who asked may give up at any moment.
async fn impatient<T>(patience: usize, asking: impl Future<Output = T>) -> Option<T> {
    let mut asking = pin!(asking);
    let mut polls = 0;
    poll_fn(move |context| match asking.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if polls >= patience => Poll::Ready(None),
        Poll::Pending => {
            polls += 1;
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

fn ask(host: &Arc<Server>, number: u8, purpose: Purpose, patience: Option<usize>) -> bool {
    let asking = host.acquire(number, purpose);
    let answer = match patience {
        Some(patience) => future::block_on(impatient(patience, asking)).flatten(),
        None => future::block_on(asking),
    };
    let served = answer.is_some();
    if let Some(mut grant) = answer {
        work(&mut grant, number);
    }
    served
}

/// Two patient users and an impatient one of two tenants, background work and an eviction, over
/// fewer connections than users.
fn market(budget: usize, fails: bool) {
    let host = Server::new(budget, fails);
    let mut threads = Vec::new();
    for number in [1, 2] {
        let host = Arc::clone(&host);
        threads.push(thread::spawn(move || {
            for _ in 0..2 {
                let served = ask(&host, number, Purpose::Request, None);
                assert!(served || host.fails, "refused without a reason");
            }
        }));
    }
    let other = Arc::clone(&host);
    threads.push(thread::spawn(move || {
        let patience = shuttle::rand::thread_rng().gen_range(0..4);
        ask(&other, 1, Purpose::Request, Some(patience));
        ask(&other, 2, Purpose::Background, Some(patience));
    }));
    let other = Arc::clone(&host);
    threads.push(thread::spawn(move || other.evict(tenant(1))));
    for thread in threads {
        thread.join().expect("no thread panics");
    }
    while host.under_way.load(Ordering::SeqCst) > 0 {
        thread::yield_now();
    }
    Exchange::with(&host, |state| {
        let counts = state.counts();
        assert_eq!((counts.in_use, counts.waiting), (0, 0), "something is left");
    });
}

fn explore(scheduler: impl Scheduler + 'static, scenario: fn()) {
    Runner::new(scheduler, Config::new()).run(scenario);
}

#[test]
fn no_wake_up_is_lost_and_no_connection_used_twice() {
    explore(RandomScheduler::new(1_500), || market(1, false));
    explore(RandomScheduler::new(1_500), || market(2, false));
    explore(PctScheduler::new(3, 1_500), || market(2, false));
}

#[test]
fn failing_connects_and_broken_connections_free_their_places() {
    explore(RandomScheduler::new(1_500), || market(1, true));
    explore(PctScheduler::new(3, 1_500), || market(2, true));
}
