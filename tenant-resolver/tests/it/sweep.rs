use chrono::TimeDelta;
use httpkit::Service;
use reqwest::Method;

use crate::world::{CLAIM_TIMEOUT, World, database};

/// One claim whose time to be confirmed is over.
async fn overdue(world: &World) -> kernel::TenantId {
    world.build_spares(1).await;
    let id = world.claim("sign-up-1", "acme").await.unwrap().id;
    world
        .clock
        .advance(TimeDelta::from_std(CLAIM_TIMEOUT).unwrap() + TimeDelta::seconds(1));
    id
}

#[tokio::test]
async fn claim_that_identity_does_not_know_is_abandoned() {
    let world = World::new().await;
    let id = overdue(&world).await;
    world.sweep().await;
    assert_eq!(world.status(id).await, "deleted");
    assert_eq!(world.on_cluster(id).await, (false, false));
    assert_eq!(
        world
            .get(Service::Gateway, &format!("/tenants/{id}"))
            .await
            .0,
        404
    );
    let (_, name) = world.get(Service::Identity, "/subdomains/acme").await;
    assert_eq!(name["available"], true);
    world.close().await;
}

#[tokio::test]
async fn claim_that_identity_knows_is_confirmed() {
    let world = World::new().await;
    let id = overdue(&world).await;
    world.services.commit(id);
    world.sweep().await;
    assert_eq!(world.status(id).await, "active");
    assert_eq!(world.on_cluster(id).await, (true, true));
    world.close().await;
}

#[tokio::test]
async fn claim_is_left_alone_while_it_is_fresh_or_identity_away() {
    let world = World::new().await;
    let id = overdue(&world).await;
    world.services.break_down(Service::Identity);
    world.sweep().await;
    assert_eq!(world.status(id).await, "provisioning");

    world.build_spares(1).await;
    let fresh = world.claim("sign-up-2", "fresh").await.unwrap().id;
    world.sweep().await;
    assert_eq!(world.status(fresh).await, "provisioning");
    world.close().await;
}

#[tokio::test]
async fn abandoned_claim_is_dropped_although_someone_is_connected() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.claim("sign-up-1", "acme").await.unwrap().id;
    let name = database(id);
    let password = format!(r#"alter role "{name}" password 'known'"#);
    world.admin.batch_execute(&password).await.unwrap();
    let (host, port) = (world.admin_address.host(), world.admin_address.port());
    let address = format!("postgres://{name}:known@{host}:{port}/{name}")
        .parse()
        .unwrap();
    let _guest = crate::world::connect(&address).await.unwrap();

    let abandon = format!("/tenants/{id}/abandon");
    for _ in 0..2 {
        assert_eq!(
            world
                .call(Service::Identity, Method::POST, &abandon, None)
                .await
                .0,
            204
        );
    }
    world.sweep().await;
    assert_eq!(world.on_cluster(id).await, (false, false));
    let (status, _) = world
        .call(
            Service::Identity,
            Method::POST,
            &format!("/tenants/{id}/confirm"),
            None,
        )
        .await;
    assert_eq!(status, 404);
    // The same sign-up may try again.
    world.build_spares(1).await;
    assert!(world.claim("sign-up-1", "acme").await.unwrap().new);
    world.close().await;
}

#[tokio::test]
async fn confirmed_tenant_is_never_abandoned() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.claim("sign-up-1", "acme").await.unwrap().id;
    tenant_resolver::claim::confirm(&world.resolver, id)
        .await
        .unwrap();
    let (status, problem) = world
        .call(
            Service::Identity,
            Method::POST,
            &format!("/tenants/{id}/abandon"),
            None,
        )
        .await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (409, &"tenant_confirmed".into())
    );
    assert_eq!(world.status(id).await, "active");
    world.close().await;
}
