use events::OutboxSource;
use tenant_resolver::CatalogOutbox;
use tenant_resolver::claim::confirm;

use crate::world::World;

#[tokio::test]
async fn confirming_writes_one_event_that_one_relay_takes() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.claim("sign-up-1", "acme").await.unwrap().id;
    confirm(&world.resolver, id).await.unwrap();
    confirm(&world.resolver, id).await.unwrap();

    let mut relay = CatalogOutbox::new(world.resolver.catalog.clone());
    let mut second = CatalogOutbox::new(world.resolver.catalog.clone());
    assert!(relay.begin().await.unwrap());
    assert!(!second.begin().await.unwrap());
    let rows = relay.next_batch(10).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>(),
        ["tenant.created"]
    );
    assert!(rows[0].event.contains(&id.to_string()));
    relay.end().await;
    assert!(second.begin().await.unwrap());
    second.published(&[rows[0].seq]).await.unwrap();
    assert!(second.next_batch(10).await.unwrap().is_empty());
    second.end().await;
    // Nothing waits: nobody need come.
    assert!(!relay.begin().await.unwrap());
    world.close().await;
}
