use std::time::Duration;

use futures::future::join_all;
use kernel::{SealKeys, TenantId};
use reqwest::Method;
use serde_json::json;
use tenant_resolver::credentials::{Rotation, rotate};
use tenant_resolver::jobs::mend;
use testkit::{eventually, until};
use tokio_postgres::error::SqlState;

use crate::world::{SEAL_KEY, World};

const NEWER_KEY: &str = "newer:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

#[tokio::test]
async fn rotated_password_replaces_the_former_one_and_open_sessions_stay() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.active("acme").await;
    let before = world.descriptor(id).await;
    let session = world.log_in(id).await.unwrap();
    let path = format!("/tenants/{id}/rotate-password");
    let (status, _) = world.operate(Method::POST, &path, json!({})).await;
    assert_eq!(status, 204);

    let after = world.descriptor(id).await;
    assert_ne!(after["password"], before["password"]);
    assert_eq!(after["generation"], before["generation"]);
    session.simple_query("select 1").await.unwrap();
    world.log_in(id).await.unwrap();
    let former = crate::world::connect(&crate::world::login(&before)).await;
    let refused = former.map(drop).unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INVALID_PASSWORD));
    world.close().await;
}

#[tokio::test]
async fn everybody_who_connects_during_rotations_gets_in() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.active("acme").await;
    let connect = async || {
        // What a pool does: refused with the password it was told, it asks again.
        let session = eventually("connected", 3, async || world.log_in(id).await.ok()).await;
        session.simple_query("select 1").await.unwrap();
    };
    let rotations = async {
        for _ in 0..5 {
            rotate(&world.resolver, id).await.unwrap();
        }
    };
    futures::join!(join_all((0..20).map(|_| connect())), rotations);
    assert_eq!(world.column(id, "next_sealed_password").await, None);
    world.close().await;
}

#[tokio::test]
async fn rotation_that_died_after_any_step_is_finished() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.active("acme").await;
    for steps in 1..=2 {
        let rotation = Rotation::begin(&world.resolver, id).await.unwrap();
        if steps > 1 {
            rotation.alter_role().await.unwrap();
        }
        // Nobody else is let in between while it lives.
        mend(&world.resolver).await;
        assert!(world.column(id, "next_sealed_password").await.is_some());
        drop(rotation);
        until("rotation is finished", async || {
            mend(&world.resolver).await;
            world.column(id, "next_sealed_password").await.is_none()
        })
        .await;
        world.log_in(id).await.unwrap();
    }
    world.close().await;
}

#[tokio::test]
async fn rotation_waits_for_a_move_to_end() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.active("acme").await;
    let moving = format!(
        "insert into tenant_moves (id, tenant_id, source_cluster, target_cluster, stage, holder, started_at)
        select gen_random_uuid(), id, cluster_id, cluster_id, 'copying', 'test', now() from tenants where id = '{id}'"
    );
    world.on_catalog(&moving).await;
    let path = format!("/tenants/{id}/rotate-password");
    let (status, problem) = world.operate(Method::POST, &path, json!({})).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (409, &"tenant_held".into())
    );
    world
        .on_catalog("update tenant_moves set finished_at = now()")
        .await;
    let (status, _) = world.operate(Method::POST, &path, json!({})).await;
    assert_eq!(status, 204);
    world.close().await;
}

#[tokio::test]
async fn everything_is_sealed_anew_under_the_newest_key() {
    let world = World::new().await;
    world.build_spares(3).await;
    let (acme, other) = (world.active("acme").await, world.active("other").await);
    let rotation = Rotation::begin(&world.resolver, other).await.unwrap();
    drop(rotation);
    let newer = world.instance_with_keys(SealKeys::parse(NEWER_KEY, Some(SEAL_KEY)).unwrap());
    let password = world.descriptor(acme).await["password"].clone();

    // The cluster's, three tenants' and the one under way.
    let done = tenant_resolver::credentials::reseal(&newer).await.unwrap();
    assert_eq!((done.resealed, done.left), (5, 0));
    let again = tenant_resolver::credentials::reseal(&newer).await.unwrap();
    assert_eq!((again.resealed, again.left), (0, 0));
    // The former key opens nothing any more, the newest alone everything.
    let without = world.instance_with_keys(SealKeys::parse(NEWER_KEY, None).unwrap());
    assert!(rotate(&world.resolver, acme).await.is_err());
    assert_eq!(
        world.descriptor_of(&without, acme).await["password"],
        password
    );
    until("rotation is finished", async || {
        mend(&without).await;
        world.column(other, "next_sealed_password").await.is_none()
    })
    .await;
    connects(&world, &without, other).await;
    rotate(&without, acme).await.unwrap();
    connects(&world, &without, acme).await;
    world.close().await;
}

#[tokio::test]
async fn what_no_key_opens_is_left_and_told() {
    let world = World::new().await;
    world.build_spares(1).await;
    let stranger = world.instance_with_keys(SealKeys::parse(NEWER_KEY, None).unwrap());
    let done = tenant_resolver::credentials::reseal(&stranger)
        .await
        .unwrap();
    assert_eq!((done.resealed, done.left), (0, 2));
    world.close().await;
}

async fn connects(
    world: &World,
    resolver: &std::sync::Arc<tenant_resolver::Resolver>,
    id: TenantId,
) {
    let told = world.descriptor_of(resolver, id).await;
    let session = crate::world::connect(&crate::world::login(&told)).await;
    let session = session.unwrap();
    tokio::time::timeout(Duration::from_secs(5), session.simple_query("select 1"))
        .await
        .unwrap()
        .unwrap();
}
