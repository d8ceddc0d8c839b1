use std::sync::Arc;
use std::time::{Duration, Instant};

use tenant_resolver::jobs::refill;
use testkit::until;
use tokio_util::sync::CancellationToken;

use crate::world::World;

const SPARES: usize = 2;

#[tokio::test]
async fn stock_is_filled_and_a_taken_spare_replaced() {
    let world = World::keeping(SPARES.try_into().unwrap()).await;
    let shutdown = CancellationToken::new();
    let job = tokio::spawn(refill(Arc::clone(&world.resolver), shutdown.clone()));
    until("stock is full", async || world.spares().await == SPARES).await;

    world.claim("sign-up-1", "acme").await.unwrap();
    until("spare is replaced", async || world.spares().await == SPARES).await;
    assert_eq!(world.tenants().await.len(), SPARES + 1);

    shutdown.cancel();
    job.await.unwrap();
    world.close().await;
}

#[tokio::test]
async fn instances_share_the_work_and_keep_the_pace_together() {
    let world = World::keeping(3).await;
    let other = world.another_instance();
    let shutdown = CancellationToken::new();
    let started = Instant::now();
    let jobs = [
        tokio::spawn(refill(Arc::clone(&world.resolver), shutdown.clone())),
        tokio::spawn(refill(Arc::clone(&other), shutdown.clone())),
    ];
    until("stock is full", async || world.spares().await == 3).await;
    // The first is built at once, each further one a second later.
    assert!(started.elapsed() >= Duration::from_secs(2));
    world.claim("sign-up-1", "acme").await.unwrap();
    until("spare is replaced", async || world.spares().await == 3).await;
    assert_eq!(world.tenants().await.len(), 4);

    shutdown.cancel();
    for job in jobs {
        job.await.unwrap();
    }
    other.catalog.close();
    world.close().await;
}

#[tokio::test]
async fn cluster_that_has_much_to_write_gets_its_last_spare_only() {
    let world = World::keeping(3).await;
    let busy = world.instance_that_spares(0.0);
    let shutdown = CancellationToken::new();
    let job = tokio::spawn(refill(Arc::clone(&busy), shutdown.clone()));
    until("there is one spare", async || world.spares().await == 1).await;
    // The job goes on looking, each five seconds and when it is woken.
    let again = Instant::now() + Duration::from_secs(3);
    while Instant::now() < again {
        busy.wake.stock.notify_one();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(world.spares().await, 1);
    }
    world.claim("sign-up-1", "acme").await.unwrap();
    busy.wake.stock.notify_one();
    until("the last spare is replaced", async || {
        world.spares().await == 1
    })
    .await;
    shutdown.cancel();
    job.await.unwrap();
    busy.catalog.close();
    world.close().await;
}

#[tokio::test]
async fn each_open_cluster_has_spares_of_its_own() {
    let world = World::keeping(1).await.with_second_cluster(1000).await;
    let shutdown = CancellationToken::new();
    let job = tokio::spawn(refill(Arc::clone(&world.resolver), shutdown.clone()));
    until("both stocks are full", async || world.spares().await == 2).await;
    let mut on_second = 0;
    for tenant in world.tenants().await {
        on_second += u32::from(world.on_second_cluster(tenant).await.0);
    }
    assert_eq!(on_second, 1);
    // Both have as many, so the second with its bigger budget has more room.
    let id = world.claim("sign-up-1", "acme").await.unwrap().id;
    assert_eq!(world.on_second_cluster(id).await, (true, true));
    shutdown.cancel();
    job.await.unwrap();
    world.close().await;
}
