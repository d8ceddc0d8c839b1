//! Sharing connections: the budget, eviction, queues, cancellation, loss.

use std::time::Duration;

use futures::future::join_all;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tenancy::{PoolError, TenantConnection};
use testkit::until;
use tokio::time::timeout;

use crate::world::{World, settings};

async fn answers(connection: &TenantConnection) -> bool {
    let statement = Statement::from_string(DbBackend::Postgres, "select 1 as one");
    let row = connection.query_one_raw(statement).await;
    matches!(row, Ok(Some(row)) if row.try_get::<i32>("", "one") == Ok(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tenants_stay_within_the_budget_and_all_are_served() {
    let mut settings = settings(4);
    settings.acquire_timeout = Duration::from_secs(20);
    let world = World::new(8, settings).await;
    let work = (0..160).map(|turn| {
        let (pools, tenant) = (world.pools.clone(), world.tenants[turn % 8]);
        tokio::spawn(async move {
            let connection = pools.acquire(tenant).await?;
            assert!(answers(&connection).await);
            Ok::<_, PoolError>(())
        })
    });
    let work = tokio::spawn(join_all(work.collect::<Vec<_>>()));
    let mut most = 0;
    while !work.is_finished() {
        assert!(world.pools.open_connections() <= 4);
        most = most.max(world.backends().await);
    }
    for outcome in work.await.unwrap() {
        outcome.unwrap().unwrap();
    }
    // A backend that was told to go may still be going while its successor starts.
    assert!((1..=5).contains(&most), "{most} backends");
    until("no more backends than the budget", async || {
        world.backends().await <= 4
    })
    .await;
    world.end().await;
}

#[tokio::test]
async fn least_recently_used_idle_connection_makes_room() {
    let world = World::new(3, settings(2)).await;
    for tenant in &world.tenants {
        drop(world.pools.acquire(*tenant).await.unwrap());
        assert!((1..=2).contains(&world.pools.open_connections()));
    }
    assert_eq!(world.pools.open_connections(), 2);
    world.end().await;
}

#[tokio::test]
async fn statement_left_in_the_middle_gives_back_a_clean_connection() {
    let world = World::new(1, settings(1)).await;
    let tenant = world.tenants[0];
    let connection = world.pools.acquire(tenant).await.unwrap();
    let slow = connection.execute_unprepared("select pg_sleep(0.5)");
    assert!(timeout(Duration::from_millis(100), slow).await.is_err());
    drop(connection);
    let connection = world.pools.acquire(tenant).await.unwrap();
    assert!(answers(&connection).await);
    drop(connection);
    world.end().await;
}

#[tokio::test]
async fn statement_that_does_not_end_costs_the_connection_not_the_place() {
    let world = World::new(1, settings(1)).await;
    let tenant = world.tenants[0];
    let connection = world.pools.acquire(tenant).await.unwrap();
    let endless = connection.execute_unprepared("select pg_sleep(60)");
    assert!(timeout(Duration::from_millis(50), endless).await.is_err());
    drop(connection);
    let connection = world.pools.acquire(tenant).await.unwrap();
    assert!(answers(&connection).await);
    drop(connection);
    until("server notices that its client left", async || {
        world.backends().await <= 1
    })
    .await;
    world.end().await;
}

#[tokio::test]
async fn database_of_another_tenant_is_refused() {
    let world = World::new(1, settings(2)).await;
    let tenant = world.tenants[0];
    let sql = "update tenant_identity set tenant_id = gen_random_uuid()";
    world.as_operator(tenant, sql).await;
    let refused = world.pools.acquire(tenant).await.err();
    assert_eq!(refused, Some(PoolError::WrongDatabase));
    world.end().await;
}

#[tokio::test]
async fn schema_version_out_of_range_is_refused() {
    let mut settings = settings(1);
    settings.schema_versions = 2..=3;
    let world = World::new(1, settings).await;
    let refused = world.pools.acquire(world.tenants[0]).await.err();
    assert_eq!(refused, Some(PoolError::SchemaVersion));
    world.end().await;
}

#[tokio::test]
async fn idle_connections_ended_by_the_server_are_replaced() {
    let mut settings = settings(4);
    settings.ping_after = Duration::ZERO;
    let world = World::new(1, settings).await;
    let tenant = world.tenants[0];
    drop(join_all([world.pools.acquire(tenant), world.pools.acquire(tenant)]).await);
    world.terminate(tenant).await;
    let connection = world.pools.acquire(tenant).await.unwrap();
    assert!(answers(&connection).await);
    drop(connection);
    world.end().await;
}

#[tokio::test]
async fn one_dead_connection_raises_doubt_about_all_others() {
    let world = World::new(1, settings(4)).await;
    let tenant = world.tenants[0];
    let held = world.pools.acquire(tenant).await.unwrap();
    assert!(answers(&held).await);
    drop(world.pools.acquire(tenant).await.unwrap());
    world.terminate(tenant).await;
    // It was used: what it did may not be done twice.
    assert!(!answers(&held).await);
    let connection = world.pools.acquire(tenant).await.unwrap();
    assert!(answers(&connection).await);
    drop((held, connection));
    world.end().await;
}

/// A restart of the server as the pools see it: every session ends at once, while they still count
/// as alive.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_ended_by_the_server_fail_no_request() {
    let world = World::new(3, settings(6)).await;
    for round in 0..3 {
        for tenant in &world.tenants {
            let held = join_all([world.pools.acquire(*tenant), world.pools.acquire(*tenant)]).await;
            assert!(held.iter().all(Result::is_ok));
        }
        for tenant in &world.tenants {
            world.terminate(*tenant).await;
        }
        assert_eq!(world.backends().await, 0);
        for (number, tenant) in world.tenants.iter().enumerate() {
            let reader = world.pools.acquire(*tenant).await.unwrap();
            assert!(answers(&reader).await);
            drop(reader);
            let writer = world.pools.acquire(*tenant).await.unwrap();
            let work = writer.begin().await.unwrap();
            let sql = format!("insert into notes values ({}, 'x')", 10 * round + number);
            work.execute_unprepared(&sql).await.unwrap();
            work.commit().await.unwrap();
        }
    }
    // The first statement after the restart may also be the one that begins.
    for tenant in &world.tenants {
        world.terminate(*tenant).await;
        let writer = world.pools.acquire(*tenant).await.unwrap();
        writer.begin().await.unwrap().commit().await.unwrap();
    }
    world.end().await;
}

#[tokio::test]
async fn full_queue_is_busy_and_a_long_wait_times_out() {
    let mut settings = settings(1);
    settings.queue = 1;
    settings.acquire_timeout = Duration::from_millis(300);
    let world = World::new(2, settings).await;
    let (tenant, other) = (world.tenants[0], world.tenants[1]);
    let held = world.pools.acquire(tenant).await.unwrap();
    let (first, second, neighbour) = tokio::join!(
        world.pools.acquire(tenant),
        world.pools.acquire(tenant),
        world.pools.acquire(other),
    );
    let kinds = [first.err(), second.err(), neighbour.err()];
    let expected = [PoolError::Timeout, PoolError::Busy, PoolError::Timeout];
    assert_eq!(kinds, expected.map(Some));
    drop(held);
    assert!(world.pools.acquire(tenant).await.is_ok());
    world.end().await;
}

#[tokio::test]
async fn evicted_tenant_loses_idle_connections_at_once_and_used_ones_on_return() {
    let world = World::new(1, settings(4)).await;
    let tenant = world.tenants[0];
    let held = world.pools.acquire(tenant).await.unwrap();
    drop(world.pools.acquire(tenant).await.unwrap());
    world.pools.evict(tenant).await;
    until("idle connection closed", async || {
        world.backends().await == 1
    })
    .await;
    assert!(answers(&held).await);
    drop(held);
    until("used connection closed", async || {
        world.backends().await == 0
    })
    .await;
    world.end().await;
}
