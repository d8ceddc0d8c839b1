//! A tenant that is moved, or whose login changes, keeps its requests waiting and fails none.

use std::time::Duration;

use events::OutboxSource;
use futures::future::join_all;
use kernel::TenantId;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tenancy::{PoolError, PoolSettings, Pools, TenantOutbox};
use testkit::until;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::directory::Region;
use crate::world::settings;

/// Sessions of a held tenant are closed within this; a tenth of it on a machine of one's own.
const PROMPT: Duration = Duration::from_secs(1);

#[derive(Debug, PartialEq)]
enum Failure {
    Pool(PoolError),
    Database(DbErr),
}

/// Lets requests go on to their commit.
type Go = watch::Sender<bool>;

/// One request: a transaction that writes a note and is committed when it may.
async fn write(
    pools: Pools,
    tenant: TenantId,
    id: usize,
    mut go: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let connection = pools.acquire(tenant).await.map_err(Failure::Pool)?;
    let work = async {
        let unit = connection.begin().await?;
        let sql = format!("insert into notes values ({id}, 'x')");
        unit.execute_unprepared(&sql).await?;
        go.wait_for(|go| *go).await.unwrap();
        unit.commit().await
    };
    work.await.map_err(Failure::Database)
}

/// For a machine that does much else: nothing ends by a deadline.
fn patient(budget: usize) -> PoolSettings {
    let mut settings = settings(budget);
    settings.acquire_timeout = Duration::from_secs(20);
    settings.hold_timeout = Duration::from_secs(20);
    settings
}

type Request = JoinHandle<Result<(), Failure>>;

fn requests(region: &Region, ids: std::ops::Range<usize>, go: &Go) -> Vec<Request> {
    let tenant = region.homes[0].id;
    let spawn = |id| tokio::spawn(write(region.pools.clone(), tenant, id, go.subscribe()));
    ids.map(spawn).collect()
}

async fn all_succeed(requests: Vec<Request>) {
    for outcome in join_all(requests).await {
        assert_eq!(outcome.unwrap(), Ok(()));
    }
}

async fn notes(region: &Region) -> i64 {
    let connection = region.pools.acquire(region.homes[0].id).await.unwrap();
    let count = Statement::from_string(DbBackend::Postgres, "select count(*) from notes");
    let row = connection.query_one_raw(count).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// Twenty requests run and five wait for a connection when the tenant is held; ten more come.
/// Ends when those that ran are done and no session of the tenant is left, with those that wait.
async fn hold_in_full_swing(region: &Region) -> Vec<Request> {
    let home = &region.homes[0];
    let go = Go::new(false);
    let mut running = requests(region, 0..25, &go);
    until("twenty requests run", async || {
        region.in_transaction(home).await == 20
    })
    .await;
    region.directory.hold(home.id);
    region.pools.evict(home.id).await;
    running.extend(requests(region, 25..35, &go));
    assert!(running.iter().all(|request| !request.is_finished()));
    go.send_replace(true);
    until("those that ran are done", async || {
        running
            .iter()
            .filter(|request| request.is_finished())
            .count()
            == 20
    })
    .await;
    let ended = Instant::now();
    until("no session is left", async || {
        region.sessions(home).await == 0
    })
    .await;
    assert!(ended.elapsed() < PROMPT, "took {:?}", ended.elapsed());
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_held_tenant_wait_and_all_succeed() {
    let mut region = Region::new(1, patient(20)).await;
    let waiting = hold_in_full_swing(&region).await;
    region.homes[0].generation += 1;
    region.tell(&region.homes[0]);
    region.pools.evict(region.homes[0].id).await;
    all_succeed(waiting).await;
    assert_eq!(notes(&region).await, 35);
    region.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_waited_go_on_where_the_tenant_was_moved() {
    let mut region = Region::new(1, patient(20)).await;
    let waiting = hold_in_full_swing(&region).await;
    let former = region.homes[0].clone();
    region.homes[0].place = 1;
    region.homes[0].generation += 1;
    region.build(&region.homes[0]).await;
    region.raze(&former).await;
    region.tell(&region.homes[0]);
    // No event: who waits asks by itself.
    all_succeed(waiting).await;
    // Twenty notes were written before the move; the copy was left out.
    assert_eq!(notes(&region).await, 15);
    region.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn request_waits_for_the_password_that_is_being_rotated() {
    let mut region = Region::new(1, patient(4)).await;
    // The server knows the new password, the resolver still says the old one.
    let home = region.homes[0].clone();
    let alter = format!("alter role {} password 'rotated'", home.name);
    region.places[0].execute("postgres", alter).await;
    let waiting = requests(&region, 0..5, &Go::new(true));
    let asked = region.directory.asked();
    until("login is refused and asked for again", async || {
        region.directory.asked() > asked + 1
    })
    .await;
    assert!(waiting.iter().all(|request| !request.is_finished()));
    region.homes[0].password = "rotated".to_owned();
    region.tell(&region.homes[0]);
    all_succeed(waiting).await;
    region.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_sessions_outlive_a_rotation_and_new_ones_use_the_new_password() {
    let mut region = Region::new(1, settings(4)).await;
    let home = region.homes[0].clone();
    let open = region.pools.acquire(home.id).await.unwrap();
    let alter = format!("alter role {} password 'rotated'", home.name);
    region.places[0].execute("postgres", alter).await;
    region.homes[0].password = "rotated".to_owned();
    region.tell(&region.homes[0]);
    // The cached answer is the old one: the refusal makes the client ask.
    all_succeed(requests(&region, 0..3, &Go::new(true))).await;
    open.execute_unprepared("select 1").await.unwrap();
    drop(open);
    region.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hold_that_lasts_too_long_is_told_and_asks_little() {
    let mut settings = settings(4);
    settings.hold_timeout = Duration::from_millis(600);
    settings.queue = 50;
    let region = Region::new(1, settings).await;
    let tenant = region.homes[0].id;
    region.directory.hold(tenant);
    let started = Instant::now();
    let go = Go::new(true);
    let waiting = requests(&region, 0..60, &go);
    let background = region.pools.acquire_background(tenant).await;
    assert_eq!(background.err(), Some(PoolError::Held));
    assert!(started.elapsed() < Duration::from_millis(500));
    let mut refused = (0, 0);
    for outcome in join_all(waiting).await {
        match outcome.unwrap() {
            Err(Failure::Pool(PoolError::Held)) => refused.0 += 1,
            Err(Failure::Pool(PoolError::Busy)) => refused.1 += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, (50, 10));
    assert!(started.elapsed() >= Duration::from_millis(600));
    // One question a pause, however many wait.
    let most = started.elapsed().as_millis() / 20 + 5;
    assert!(region.directory.asked() as u128 <= most);
    region.end().await;
}

#[tokio::test]
async fn database_that_was_dropped_by_hand_is_told_as_unavailable() {
    let mut settings = settings(4);
    settings.hold_timeout = Duration::from_millis(500);
    let region = Region::new(2, settings).await;
    let (gone, neighbour) = (&region.homes[0], &region.homes[1]);
    let drop_it = format!("drop database {}", gone.name);
    region.places[0].execute("postgres", drop_it).await;
    let refused = region.pools.acquire(gone.id).await.err();
    assert_eq!(refused, Some(PoolError::Unavailable));
    assert!(region.pools.acquire(neighbour.id).await.is_ok());
    let create = format!("create database {}", gone.name);
    region.places[0].execute("postgres", create).await;
    region.end().await;
}

#[tokio::test]
async fn relay_gives_the_connection_of_a_held_tenant_back() {
    let region = Region::new(1, settings(4)).await;
    let home = &region.homes[0];
    let row = "insert into outbox (id, type, event) values (gen_random_uuid(), 'x', '{}')";
    region.places[0].execute(&home.name, row.to_owned()).await;
    let mut relay = TenantOutbox::new(region.pools.clone(), home.id);
    assert!(relay.begin().await.unwrap());
    let early = timeout(Duration::from_millis(100), relay.revoked()).await;
    assert!(early.is_err(), "nobody holds the tenant");
    region.directory.hold(home.id);
    region.pools.evict(home.id).await;
    relay.revoked().await;
    relay.end().await;
    until("its session is closed", async || {
        region.sessions(home).await == 0
    })
    .await;
    assert!(relay.begin().await.is_err());
    region.end().await;
}

#[tokio::test]
async fn budget_follows_what_the_resolver_says() {
    let mut settings = settings(1);
    settings.budget = None;
    settings.instances = 2;
    settings.acquire_timeout = Duration::from_secs(2);
    let region = Region::new(1, settings).await;
    let home = &region.homes[0];
    let tell = |budget: u32| {
        let mut connection = region.connection(home);
        connection["connection_budget"] = budget.into();
        region.directory.say(home.id, connection);
    };
    tell(8);
    let most = async || join_all((0..6).map(|_| region.pools.acquire(home.id))).await;
    let served = most().await;
    assert_eq!(served.iter().filter(|answer| answer.is_ok()).count(), 4);
    drop(served);
    tell(4);
    region.pools.resolver().refresh(home.id).await;
    drop(region.pools.acquire(home.id).await);
    until("idle connections are closed", async || {
        region.sessions(home).await == 2
    })
    .await;
    let served = most().await;
    assert_eq!(served.iter().filter(|answer| answer.is_ok()).count(), 2);
    drop(served);
    tell(100);
    region.pools.resolver().refresh(home.id).await;
    assert!(most().await.iter().all(Result::is_ok));
    region.end().await;
}
