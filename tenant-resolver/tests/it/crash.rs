use kernel::TenantId;
use tenant_resolver::provision::Build;

use crate::world::{World, eventually};

const STEPS: usize = 5;

/// Runs the first `steps` steps of a build and dies; the first one is the row itself.
async fn crash_after(world: &World, steps: usize) -> TenantId {
    let build = Build::begin(&world.resolver).await.unwrap();
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

async fn sweep_until(world: &World, tenant: TenantId, status: &str) {
    // The server notices the dead builder's connection a moment later.
    eventually(status, || async {
        world.sweep().await;
        world.status(tenant).await == status
    })
    .await;
}

#[tokio::test]
async fn build_that_died_after_any_step_is_finished_when_spares_are_wanted() {
    let world = World::new(u32::MAX).await;
    for steps in 1..=STEPS {
        let tenant = crash_after(&world, steps).await;
        sweep_until(&world, tenant, "spare").await;
        let name = format!("acme{steps}");
        let claimed = world
            .claim(&format!("sign-up-{steps}"), &name)
            .await
            .unwrap();
        assert_eq!(claimed.id, tenant, "after step {steps}");
        tenant_resolver::claim::confirm(&world.resolver, tenant)
            .await
            .unwrap();
    }
    world.close().await;
}

#[tokio::test]
async fn build_that_died_after_any_step_is_removed_when_no_spare_is_wanted() {
    let world = World::new(0).await;
    for steps in 1..=STEPS {
        let tenant = crash_after(&world, steps).await;
        sweep_until(&world, tenant, "deleted").await;
        assert_eq!(
            world.on_cluster(tenant).await,
            (false, false),
            "after step {steps}"
        );
    }
    world.close().await;
}

#[tokio::test]
async fn build_in_progress_is_left_to_its_builder() {
    let world = World::new(0).await;
    let build = Build::begin(&world.resolver).await.unwrap();
    let tenant = build.tenant();
    build.create_role().await.unwrap();
    world.sweep().await;
    assert_eq!(world.status(tenant).await, "provisioning");
    assert_eq!(build.run().await.unwrap(), tenant);
    assert_eq!(world.status(tenant).await, "spare");
    world.close().await;
}
