//! Numbers made again from events are those that were.

use events::Envelope;
use events::topic::task::TaskStatus::{Cancelled, Done, InProgress, Todo};
use http::StatusCode;
use httpkit::Service;
use kernel::{Ids, Role, TaskId, UserId};
use mongodb::bson::{Document, doc};
use serde_json::{Value, json};

use crate::world::{Organization, World};

/// Some tasks' lives, the last event first.
fn story(org: &mut Organization) -> Vec<Envelope> {
    let ids = Ids::system();
    let person: UserId = ids.next();
    let mut events = Vec::new();
    for day in 1..=20 {
        let date = |after: i32| format!("2026-03-{:02}", day + after);
        let task: TaskId = ids.next();
        events.push(org.create(&date(0), task, &[person]));
        events.push(org.set_status(&date(1), task, Todo, InProgress));
        let (end, assignees) = match day % 3 {
            0 => (Cancelled, vec![]),
            _ => (Done, vec![person]),
        };
        events.push(org.set_status(&date(3), task, InProgress, end));
        events.push(org.assign(&date(4), task, &assignees));
        if day % 5 == 0 {
            events.push(org.delete(&date(5), task, end));
        }
    }
    events.reverse();
    events
}

async fn everything(world: &World, org: &Organization) -> Vec<Value> {
    let mut answers = Vec::new();
    for what in [
        "dashboard",
        "cumulative-flow",
        "lead-time",
        "cycle-time",
        "status-age",
        "workload",
    ] {
        let (status, answer) = world.get(org.tenant, Role::Manager, what).await;
        assert_eq!(status, StatusCode::OK, "{what}: {answer}");
        answers.push(answer);
    }
    answers
}

#[tokio::test]
async fn rebuilt_numbers_are_the_same_and_wrong_ones_are_found() {
    let world = World::new().await;
    let (mut org, mut other) = (Organization::new(), Organization::new());
    for batch in story(&mut org).chunks(7) {
        world.take_in(batch).await;
    }
    world.take_in(&story(&mut other)).await;
    let (before, of_other) = (
        everything(&world, &org).await,
        everything(&world, &other).await,
    );
    let checked = world.rebuild(org.tenant, true).await;
    assert_eq!(checked["differences"], json!({"count": 0, "first": []}));
    assert_eq!(checked["events"], checked["total"]);

    let days = world.database.collection::<Document>("days");
    let of_org =
        doc! { "tenant": org.tenant.to_string(), "scope": "organization", "day": "2026-03-10" };
    let wrong = doc! { "$inc": { "moves.created.48": 5_i64 } };
    days.update_one(of_org, wrong).await.unwrap();
    assert_ne!(everything(&world, &org).await, before);
    let checked = world.rebuild(org.tenant, true).await;
    assert_eq!(checked["differences"]["count"], 1, "{checked}");
    assert_ne!(
        everything(&world, &org).await,
        before,
        "a check changes nothing"
    );

    assert_eq!(
        world.rebuild(org.tenant, false).await.get("differences"),
        None
    );
    assert_eq!(everything(&world, &org).await, before);
    assert_eq!(
        world.rebuild(org.tenant, true).await["differences"]["count"],
        0
    );
    assert_eq!(everything(&world, &other).await, of_other);
    world.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_in_meanwhile_is_counted_once() {
    let world = World::new().await;
    let mut org = Organization::new();
    let events = story(&mut org);
    let (first, rest) = events.split_at(10);
    world.take_in(first).await;
    let taking = async {
        for batch in rest.chunks(3) {
            world.take_in(batch).await;
        }
    };
    let rebuilding = async {
        for _ in 0..5 {
            world.rebuild(org.tenant, false).await;
        }
    };
    tokio::join!(taking, rebuilding);
    assert_eq!(
        world.rebuild(org.tenant, true).await["differences"]["count"],
        0
    );
    let (_, dashboard) = world.dashboard(org.tenant, Role::Manager, "").await;
    let known: i64 = ["todo", "in_progress", "review", "done", "cancelled"]
        .iter()
        .map(|status| dashboard["by_status"][status].as_i64().unwrap())
        .sum();
    assert_eq!(known, 16);
    world.drop().await;
}

#[tokio::test]
async fn only_the_operator_rebuilds_and_only_what_was_begun_goes_on() {
    let world = World::new().await;
    let org = Organization::new();
    let begin = json!({"begin": true});
    for service in [Service::Gateway, Service::Identity, Service::TenantResolver] {
        let (status, _) = world.rebuild_step(service, org.tenant, &begin).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    let go_on = json!({"begin": false});
    let (status, problem) = world
        .rebuild_step(Service::Migrator, org.tenant, &go_on)
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("no_rebuild"))
    );
    world.drop().await;
}
