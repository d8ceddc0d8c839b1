use std::sync::Arc;

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
