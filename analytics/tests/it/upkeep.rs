//! Events that are kept no longer leave their numbers behind.

use analytics::upkeep;
use events::topic::link::LinkCreated;
use events::topic::task::TaskStatus::{Done, Todo};
use kernel::{Ids, Role, TaskId};
use mongodb::bson::doc;
use serde_json::json;

use crate::world::{Organization, World, day};

#[tokio::test]
async fn folded_events_still_count_and_do_not_count_again() {
    let world = World::new().await;
    let (mut org, mut other) = (Organization::new(), Organization::new());
    let ids = Ids::system();
    let [old, new]: [TaskId; 2] = std::array::from_fn(|_| ids.next());
    let link = LinkCreated {
        link_id: ids.next(),
        resource: format!("task:{old}"),
        created_by: ids.next(),
        expires_at: None,
    };
    let early = [
        org.create("2026-01-02", old, &[]),
        org.event("2026-01-03", &link),
    ];
    let late = [
        org.create("2026-03-02", new, &[]),
        org.set_status("2026-03-03", old, Todo, Done),
    ];
    world.take_in(&early).await;
    world.take_in(&late).await;
    world.take_in(&[other.create("2026-01-02", old, &[])]).await;
    let short = json!({"retention_days": 60});
    world
        .put_settings(org.tenant, Role::Owner, None, &short)
        .await;
    let numbers = async || {
        let query = "?from=2026-01-01&to=2026-03-31";
        world.dashboard(org.tenant, Role::Manager, query).await.1
    };
    let before = numbers().await;
    let kept = async |org: &Organization| {
        let own = doc! { "tenant": org.tenant.to_string() };
        world.documents("events", own).await.len()
    };

    upkeep::all(&world.store, day("2026-03-31")).await.unwrap();
    assert_eq!((kept(&org).await, kept(&other).await), (2, 1));
    assert_eq!(numbers().await, before);
    // Told again, they cannot be told from what was folded, and are left out.
    world.take_in(&early).await;
    assert_eq!((kept(&org).await, numbers().await), (2, before.clone()));
    assert_eq!(
        world.rebuild(org.tenant, true).await["differences"]["count"],
        0
    );
    world.rebuild(org.tenant, false).await;
    assert_eq!(numbers().await, before);
    upkeep::all(&world.store, day("2026-03-31")).await.unwrap();
    assert_eq!(numbers().await, before);
    world.drop().await;
}
