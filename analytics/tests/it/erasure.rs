//! What is left of an organization that is erased: nothing, whatever comes late.

use events::Envelope;
use events::topic::link::LinkCreated;
use events::topic::task::TaskStatus::{Done, Todo};
use events::topic::tenant::TenantDeleted;
use futures::future::join_all;
use http::StatusCode;
use httpkit::Service;
use kernel::{Ids, TaskId};
use serde_json::json;

use crate::world::{Organization, World};

fn story(org: &mut Organization) -> Vec<Envelope> {
    let ids = Ids::system();
    let user = ids.next();
    let mut events = Vec::new();
    for task in [ids.next::<TaskId>(), ids.next()] {
        events.push(org.create("2026-03-02", task, &[user]));
        events.push(org.set_status("2026-03-03", task, Todo, Done));
    }
    let made = LinkCreated {
        link_id: ids.next(),
        resource: "task:x".to_owned(),
        created_by: user,
        expires_at: None,
    };
    events.push(org.event("2026-03-04", &made));
    events
}

fn end(org: &Organization) -> Envelope {
    let tenant_id = org.tenant;
    let subdomain = "acme".to_owned();
    org.event(
        "2026-03-05",
        &TenantDeleted {
            tenant_id,
            subdomain,
        },
    )
}

impl World {
    /// Documents of the organization, wherever they are.
    async fn left(&self, org: &Organization) -> usize {
        let contents = self.contents().await;
        let tenant = org.tenant.to_string();
        let documents = contents.values().flatten();
        documents.filter(|text| text.contains(&tenant)).count()
    }
}

#[tokio::test]
async fn erasure_removes_everything_of_one_organization_and_says_how_much() {
    let world = World::new().await;
    let (mut acme, mut zeta) = (Organization::new(), Organization::new());
    world.take_in(&story(&mut acme)).await;
    world.take_in(&story(&mut zeta)).await;
    let neighbour = world.left(&zeta).await;
    let (status, report) = world.erase(Service::TenantResolver, acme.tenant).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        report,
        json!({"events": 5, "tasks": 2, "days": 3, "totals": 1})
    );
    assert_eq!(
        (world.left(&acme).await, world.left(&zeta).await),
        (0, neighbour)
    );
    let (_, again) = world.erase(Service::Migrator, acme.tenant).await;
    assert_eq!(
        again,
        json!({"events": 0, "tasks": 0, "days": 0, "totals": 0})
    );
    world.drop().await;
}

#[tokio::test]
async fn strangers_erase_nothing() {
    let world = World::new().await;
    let mut acme = Organization::new();
    world.take_in(&story(&mut acme)).await;
    let before = world.left(&acme).await;
    for service in [
        Service::Gateway,
        Service::Identity,
        Service::ProjectSvc,
        Service::Shortener,
        Service::Analytics,
    ] {
        let (status, body) = world.erase(service, acme.tenant).await;
        assert_eq!(
            (status, &body["code"]),
            (StatusCode::FORBIDDEN, &json!("service_not_allowed"))
        );
    }
    assert_eq!(world.left(&acme).await, before);
    world.drop().await;
}

#[tokio::test]
async fn what_comes_after_the_end_leaves_nothing() {
    let world = World::new().await;
    let (mut acme, mut zeta) = (Organization::new(), Organization::new());
    let (early, late) = (story(&mut acme), story(&mut acme));
    world.take_in(&early).await;
    // The end is told among other events, some of them of the same organization.
    let batch = [&late[..2], &[end(&acme)], &late[2..], &story(&mut zeta)].concat();
    world.take_in(&batch).await;
    assert_eq!(world.left(&acme).await, 0);
    assert!(world.left(&zeta).await > 0);
    world.take_in(&early).await;
    world.take_in(&[end(&acme)]).await;
    world.take_in(&story(&mut acme)).await;
    assert_eq!(world.left(&acme).await, 0);
    world.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_in_while_it_is_erased_leaves_nothing() {
    let world = World::new().await;
    for _ in 0..10 {
        let mut acme = Organization::new();
        let batches: Vec<_> = (0..6).map(|_| story(&mut acme)).collect();
        let taking = join_all(batches.iter().map(|batch| world.take_in(batch)));
        let erasing = world.erase(Service::TenantResolver, acme.tenant);
        let (_, (status, _)) = tokio::join!(taking, erasing);
        assert_eq!(status, StatusCode::OK);
        assert_eq!(world.left(&acme).await, 0);
    }
    world.drop().await;
}
