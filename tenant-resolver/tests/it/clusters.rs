//! Two servers: where tenants are placed and what becomes of a server that takes none any more.

use httpkit::Service;
use kernel::Subdomain;
use reqwest::Method;
use serde_json::json;
use tenant_resolver::claim::{Claim, claim, confirm};
use tenant_resolver::jobs::mend;

use crate::world::World;

/// The first cluster's budget is 80: the second has room for half as many tenants.
const SECOND_BUDGET: i32 = 40;

#[tokio::test]
async fn tenants_are_placed_by_free_capacity() {
    let world = World::new().await.with_second_cluster(SECOND_BUDGET).await;
    world.build_spares(6).await;
    let mut on_second = 0;
    for tenant in world.tenants().await {
        let (first, second) = (
            world.on_cluster(tenant).await,
            world.on_second_cluster(tenant).await,
        );
        assert_ne!(first, second);
        on_second += i32::from(second.0);
    }
    assert_eq!(on_second, 2);
    world.close().await;
}

#[tokio::test]
async fn closed_cluster_takes_nobody_and_loses_its_spares() {
    let world = World::new().await.with_second_cluster(SECOND_BUDGET).await;
    world.build_spares(3).await;
    world
        .on_catalog("update clusters set open_for_placement = false where name = 'second'")
        .await;
    for name in ["one", "two", "three"] {
        let id = world.active(name).await;
        assert_eq!(world.on_cluster(id).await, (true, true), "{name}");
    }
    let spares = world.spares().await;
    assert!(spares > 0);
    world.sweep().await;
    assert_eq!(world.spares().await, 0);
    for tenant in world.tenants().await {
        assert_eq!(world.on_second_cluster(tenant).await, (false, false));
    }
    world
        .on_catalog("update clusters set open_for_placement = false")
        .await;
    let (status, problem) = world.post_claim("sign-up-4", "four").await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (503, &"no_database".into())
    );
    world.close().await;
}

#[tokio::test]
async fn claim_may_name_its_cluster() {
    let world = World::new().await.with_second_cluster(SECOND_BUDGET).await;
    let wish = |cluster: &str, name: &str| Claim {
        request_id: format!("sign-up-{name}"),
        subdomain: Subdomain::parse(name).unwrap(),
        name: name.to_owned(),
        cluster: Some(cluster.to_owned()),
    };
    for (n, cluster) in ["second", "first", "second", "second"]
        .into_iter()
        .enumerate()
    {
        let wish = wish(cluster, &format!("acme{n}"));
        let id = claim(&world.resolver, &wish).await.unwrap().id;
        confirm(&world.resolver, id).await.unwrap();
        let (_, tenant) = world.get(Service::Gateway, &format!("/tenants/{id}")).await;
        assert_eq!(tenant["cluster"], cluster);
        world.log_in(id).await.unwrap();
    }
    let body =
        json!({"request_id": "sign-up-9", "subdomain": "nine", "name": "Nine", "cluster": "third"});
    let (status, problem) = world.operate(Method::POST, "/tenants", body).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &"cluster_unknown".into())
    );
    world.close().await;
}

#[tokio::test]
async fn released_mover_switches_the_cluster_unless_its_hold_ran_out() {
    let world = World::new().await.with_second_cluster(SECOND_BUDGET).await;
    world.build_spares(1).await;
    let id = world.active("acme").await;
    let here = world.column(id, "cluster_id").await;
    let hold = async |purpose: &str| {
        let body = json!({"for": purpose, "seconds": 1});
        let path = format!("/tenants/{id}/hold");
        world.operate(Method::POST, &path, body).await.0.as_u16()
    };
    let release = async |cluster: &str| {
        let path = format!("/tenants/{id}/release");
        let body = json!({"cluster": cluster});
        let (status, answer) = world.operate(Method::POST, &path, body).await;
        (status.as_u16(), answer["code"].clone())
    };
    let there = match world.on_cluster(id).await.0 {
        true => "second",
        false => "first",
    };
    assert_eq!(hold("move").await, 200);
    world.clock.advance(chrono::TimeDelta::seconds(2));
    mend(&world.resolver).await;
    assert_eq!(release(there).await, (409, "tenant_state".into()));
    assert_eq!(world.column(id, "cluster_id").await, here);

    // Only a move may.
    assert_eq!(hold("restore").await, 200);
    assert_eq!(release(there).await.0, 409);
    assert_eq!(world.column(id, "cluster_id").await, here);
    world.clock.advance(chrono::TimeDelta::seconds(2));
    mend(&world.resolver).await;

    assert_eq!(hold("move").await, 200);
    assert_eq!(release(there).await.0, 200);
    assert_ne!(world.column(id, "cluster_id").await, here);
    // Told twice, it is done once.
    assert_eq!(release(there).await.0, 200);
    let restore = format!("update tenants set cluster_id = '{}'", here.unwrap());
    world.on_catalog(&restore).await;
    world.close().await;
}
