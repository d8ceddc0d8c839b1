//! What taking events in leaves behind, whatever happens on the way.

use std::time::Duration;

use analytics::ingest;
use events::outbox::OutboxRow;
use events::topic::project::ProjectRestored;
use events::topic::task::TaskStatus::{Done, InProgress, Todo};
use events::{Action, Amqp, Envelope, Publisher};
use http::StatusCode;
use kernel::{Ids, Role, TaskId, TenantId, UserId};
use lapin::options::QueueDeleteOptions;
use serde_json::json;
use testkit::{setting, until};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::world::{Organization, World};

/// A story of a dozen events about three tasks.
fn story(org: &mut Organization) -> Vec<Envelope> {
    let ids = Ids::system();
    let (ada, bob): (UserId, UserId) = (ids.next(), ids.next());
    let mut events = Vec::new();
    for task in [ids.next::<TaskId>(), ids.next(), ids.next()] {
        events.extend([
            org.create("2026-03-02", task, &[ada]),
            org.set_status("2026-03-03", task, Todo, InProgress),
            org.assign("2026-03-04", task, &[bob]),
            org.set_status("2026-03-05", task, InProgress, Done),
        ]);
    }
    events
}

#[tokio::test]
async fn events_that_come_again_change_nothing() {
    let world = World::new().await;
    let mut org = Organization::new();
    let story = story(&mut org);
    let twice = [&story[..6], &story[3..6]].concat();
    world.take_in(&twice).await;
    world.take_in(&story).await;
    let contents = world.contents().await;
    assert_eq!(contents["events"].len(), story.len());

    world.take_in(&story).await;
    for event in story.iter().rev() {
        world.take_in(std::slice::from_ref(event)).await;
    }
    assert_eq!(world.contents().await, contents);
    world.drop().await;
}

#[tokio::test]
async fn many_organizations_in_a_batch_are_asked_for_at_once() {
    let world = World::new().await;
    let mut orgs: Vec<Organization> = (0..20).map(|_| Organization::new()).collect();
    world.profile(true).await;
    let mut asked = Vec::new();
    for told in [1, 20] {
        let mut batch = Vec::new();
        for org in &mut orgs[..told] {
            batch.extend(story(org));
            let project_id = org.project;
            batch.push(org.event("2026-03-06", &ProjectRestored { project_id }));
        }
        let before = world.questions().await;
        world.take_in(&batch).await;
        asked.push(world.questions().await - before);
    }
    world.profile(false).await;
    assert!(asked[0] > 0 && asked[0] == asked[1], "{asked:?}");

    for (org, times) in orgs.iter().zip([2].into_iter().chain([1].repeat(19))) {
        assert_eq!(
            world.march(org.tenant).await["tasks"],
            json!({"created": 3 * times, "done": 3 * times, "open": 0})
        );
        let checked = world.rebuild(org.tenant, true).await;
        assert_eq!(checked["differences"]["count"], 0, "{checked}");
    }
    world.drop().await;
}

#[tokio::test]
async fn two_instances_with_the_same_events_count_them_once() {
    let world = World::new().await;
    let mut org = Organization::new();
    let story = story(&mut org);
    let both = (0..4).map(|_| world.take_in(&story));
    futures::future::join_all(both).await;
    assert_eq!(
        world.march(org.tenant).await["tasks"],
        json!({"created": 3, "done": 3, "open": 0})
    );
    world.drop().await;
}

#[tokio::test]
async fn event_that_breaks_its_contract_is_dead_and_its_neighbours_count() {
    let world = World::new().await;
    let mut org = Organization::new();
    let good = org.create("2026-03-02", Ids::system().next(), &[]);
    let mut json = good.to_json();
    json["data"]["status"] = "lost".into();
    json["id"] = Ids::system().next::<TenantId>().to_string().into();
    let bad = Envelope::decode(json.to_string().as_bytes()).unwrap();

    let actions = ingest::take_in(&world.store, vec![bad, good]).await;
    assert!(matches!(actions.as_slice(), [Action::Dead(_), Action::Ack]));
    assert_eq!(world.march(org.tenant).await["tasks"]["created"], 1);
    world.drop().await;
}

#[tokio::test]
async fn without_mongodb_the_dashboard_says_so_and_events_wait() {
    let (shut, port) = door().await;
    let url = format!("mongodb://127.0.0.1:{port}/?directConnection=true");
    let world = World::at(&url).await;
    let mut org = Organization::new();
    let event = org.create("2026-03-02", Ids::system().next(), &[]);

    shut.send_replace(true);
    let (status, body) = world.dashboard(org.tenant, Role::Owner, "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["code"], "analytics_unavailable");
    let store = world.store.clone();
    let waiting = ingest::take_in(&store, vec![event]);
    let mut waiting = std::pin::pin!(waiting);
    let soon = tokio::time::timeout(Duration::from_millis(500), &mut waiting).await;
    assert!(soon.is_err(), "an event was given up");

    shut.send_replace(false);
    assert_eq!(waiting.await, [Action::Ack]);
    assert_eq!(world.march(org.tenant).await["tasks"]["created"], 1);
    world.drop().await;
}

/// A way to MongoDB that can be shut.
async fn door() -> (watch::Sender<bool>, u16) {
    let url = setting("TENANTRY_TEST_MONGO_URL");
    let server = url.trim_start_matches("mongodb://").split('/').next();
    let server = server.unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shut = watch::Sender::new(false);
    let state = shut.subscribe();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (mut state, server) = (state.clone(), server.clone());
            tokio::spawn(async move {
                if *state.borrow() {
                    return;
                }
                let mut mongo = TcpStream::connect(server).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut mongo) => {}
                    _ = state.wait_for(|shut| *shut) => {}
                }
            });
        }
    });
    (shut, port)
}

#[tokio::test]
async fn published_events_reach_the_dashboard() {
    let world = World::new().await;
    let url = setting("TENANTRY_TEST_AMQP_URL");
    let queue = format!("test.{}", world.database.name());
    let shutdown = CancellationToken::new();
    let consumer = ingest::consumer(Amqp::new(&url, "test").unwrap(), &queue);
    let state = consumer.state();
    let running = tokio::spawn(ingest::run(world.store.clone(), consumer, shutdown.clone()));
    state.wait_connected().await;
    let publisher = Publisher::new(Amqp::new(&url, "test").unwrap());
    tokio::spawn(publisher.clone().run(shutdown.clone()));
    publisher.state().wait_connected().await;

    let mut org = Organization::new();
    let story = story(&mut org);
    let rows: Vec<OutboxRow> = story.iter().map(row).collect();
    assert_eq!(publisher.publish(&rows).await.unwrap(), rows.len());
    let expected = json!({"created": 3, "done": 3, "open": 0});
    until("dashboard has the numbers", async || {
        world.march(org.tenant).await["tasks"] == expected
    })
    .await;

    shutdown.cancel();
    running.await.unwrap();
    delete_queues(&url, &queue).await;
    world.drop().await;
}

fn row(event: &Envelope) -> OutboxRow {
    OutboxRow {
        seq: 1,
        id: event.id.uuid(),
        kind: event.kind.to_string(),
        event: event.to_json().to_string(),
        behind: 1,
        age_ms: 0,
    }
}

pub(crate) async fn delete_queues(url: &str, queue: &str) {
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(url, properties).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    for name in [queue.to_owned(), format!("{queue}.dead")] {
        let options = QueueDeleteOptions::default();
        channel.queue_delete(name.into(), options).await.unwrap();
    }
}
