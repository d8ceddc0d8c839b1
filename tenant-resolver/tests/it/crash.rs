use kernel::TenantId;
use tenant_resolver::provision::Build;
use testkit::until;

use crate::world::{World, database};

const STEPS: usize = 5;

/// Runs the first `steps` steps of a build and dies; the first one is the row itself.
async fn crash_after(world: &World, steps: usize) -> TenantId {
    let build = Build::begin(&world.resolver, None).await.unwrap();
    if steps > 1 {
        build.create_role().await.unwrap();
    }
    if steps > 2 {
        build.create_database().await.unwrap();
    }
    if steps > 3 {
        build.restrict_access().await.unwrap();
    }
    if steps > 4 {
        build.initialize().await.unwrap();
    }
    build.tenant()
}

#[tokio::test]
async fn build_that_died_after_any_step_is_removed_without_a_trace() {
    let world = World::new().await;
    for steps in 1..=STEPS {
        let tenant = crash_after(&world, steps).await;
        // The server notices the dead builder's connection a moment later.
        until("leftover is removed", async || {
            world.sweep().await;
            !world.tenants().await.contains(&tenant)
        })
        .await;
        assert_eq!(
            world.on_cluster(tenant).await,
            (false, false),
            "after step {steps}"
        );
    }
    world.close().await;
}

#[tokio::test]
async fn removal_that_died_half_way_is_taken_up_again() {
    let world = World::new().await;
    let tenant = crash_after(&world, STEPS).await;
    let catalog = world.resolver.catalog.get().await.unwrap();
    catalog
        .execute("update tenants set status = 'deleting'", &[])
        .await
        .unwrap();
    let dropped = format!(r#"drop database "{}""#, database(tenant));
    world.admin.batch_execute(&dropped).await.unwrap();
    until("removal is finished", async || {
        world.sweep().await;
        world.tenants().await.is_empty()
    })
    .await;
    assert_eq!(world.on_cluster(tenant).await, (false, false));
    drop(catalog);
    world.close().await;
}

#[tokio::test]
async fn build_in_progress_is_left_to_its_builder() {
    let world = World::new().await;
    let build = Build::begin(&world.resolver, None).await.unwrap();
    let tenant = build.tenant();
    world.sweep().await;
    assert_eq!(world.status(tenant).await, "provisioning");
    assert_eq!(build.run().await.unwrap(), tenant);
    world.sweep().await;
    assert_eq!(world.status(tenant).await, "spare");
    world.close().await;
}

#[tokio::test]
async fn build_that_failed_says_why_and_is_removed() {
    let world = World::new().await;
    world
        .on_catalog("update clusters set template_database = 'nowhere'")
        .await;
    assert!(
        tenant_resolver::provision::build_spare(&world.resolver)
            .await
            .is_err()
    );
    let tenant = world.tenants().await[0];
    assert_eq!(world.status(tenant).await, "failed");
    let error = world.column(tenant, "last_error").await.unwrap();
    assert!(error.starts_with("create database: "), "{error}");
    until("failed build is removed", async || {
        world.sweep().await;
        world.tenants().await.is_empty()
    })
    .await;
    assert_eq!(world.on_cluster(tenant).await, (false, false));
    world.close().await;
}
