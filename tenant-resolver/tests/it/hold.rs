use chrono::TimeDelta;
use httpkit::Service;
use kernel::TenantId;
use reqwest::Method;
use serde_json::{Value, json};
use tenant_resolver::jobs::mend;

use crate::world::World;

async fn hold(world: &World, id: TenantId, purpose: &str, seconds: u64) -> (u16, Value) {
    let body = json!({"for": purpose, "seconds": seconds});
    let path = format!("/tenants/{id}/hold");
    let (status, answer) = world.operate(Method::POST, &path, body).await;
    (status.as_u16(), answer)
}

async fn release(world: &World, id: TenantId, body: Value) -> (u16, Value) {
    let path = format!("/tenants/{id}/release");
    let (status, answer) = world.operate(Method::POST, &path, body).await;
    (status.as_u16(), answer)
}

#[tokio::test]
async fn held_tenant_makes_requests_wait_and_is_released() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.active("acme").await;
    for (purpose, status) in [
        ("move", "moving"),
        ("clone", "moving"),
        ("restore", "moving"),
        ("migration", "migrating"),
    ] {
        let (answered, held) = hold(&world, id, purpose, 5).await;
        assert_eq!(answered, 200, "{held}");
        let until = world.clock.now() + TimeDelta::seconds(5);
        assert_eq!(held["held_until"], json!(until));
        assert_eq!(world.status(id).await, status);
        let (answered, problem) = world
            .get(Service::ProjectSvc, &format!("/tenants/{id}/connection"))
            .await;
        assert_eq!(
            (answered.as_u16(), &problem["code"]),
            (503, &"tenant_held".into())
        );
        for _ in 0..2 {
            let (answered, tenant) = release(&world, id, json!({})).await;
            assert_eq!((answered, &tenant["status"]), (200, &"active".into()));
        }
    }
    assert_eq!(world.column(id, "generation").await.unwrap(), "9");
    let events = world.events().await;
    let of = |kind: &str| events.iter().filter(|event| *event == kind).count();
    assert_eq!((of("tenant.held"), of("tenant.released")), (4, 4));
    world.close().await;
}

#[tokio::test]
async fn hold_belongs_to_one_purpose_and_is_prolonged_by_it() {
    let world = World::new().await;
    world.build_spares(1).await;
    let id = world.active("acme").await;
    hold(&world, id, "move", 5).await;
    assert_eq!(
        hold(&world, id, "migration", 5).await.1["code"],
        "tenant_held"
    );
    assert_eq!(
        hold(&world, id, "restore", 5).await.1["code"],
        "tenant_held"
    );
    for what in ["suspend", "resume", "delete"] {
        let path = format!("/tenants/{id}/{what}");
        let (status, problem) = world.operate(Method::POST, &path, json!({})).await;
        // Asking for the state it will be in again is no way around the hold either.
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (409, &"tenant_held".into()),
            "{what}"
        );
    }

    world.clock.advance(TimeDelta::seconds(4));
    assert_eq!(hold(&world, id, "move", 5).await.0, 200);
    world.clock.advance(TimeDelta::seconds(4));
    mend(&world.resolver).await;
    assert_eq!(world.status(id).await, "moving");
    assert_eq!(world.column(id, "generation").await.unwrap(), "2");

    let suspended = world.active_suspended("other").await;
    assert_eq!(
        hold(&world, suspended, "move", 5).await.1["code"],
        "tenant_state"
    );
    for seconds in [0, 61] {
        assert_eq!(hold(&world, id, "move", seconds).await.0, 422);
    }
    world.close().await;
}

#[tokio::test]
async fn hold_whose_holder_died_ends_by_itself() {
    let world = World::new().await;
    world.build_spares(2).await;
    let (acme, other) = (world.active("acme").await, world.active("other").await);
    hold(&world, acme, "migration", 5).await;
    hold(&world, other, "move", 10).await;
    mend(&world.resolver).await;
    assert_eq!(world.status(acme).await, "migrating");
    world.clock.advance(TimeDelta::seconds(5));
    mend(&world.resolver).await;
    assert_eq!(world.status(acme).await, "active");
    assert_eq!(world.status(other).await, "moving");
    assert_eq!(world.events().await.last().unwrap(), "tenant.released");
    // The mover comes back too late: nothing is switched any more.
    world.clock.advance(TimeDelta::seconds(5));
    mend(&world.resolver).await;
    assert_eq!(
        release(&world, other, json!({"cluster": "first"})).await.0,
        200
    );
    assert_eq!(
        release(&world, other, json!({"cluster": "nowhere"}))
            .await
            .1["code"],
        "cluster_unknown"
    );
    world.close().await;
}
