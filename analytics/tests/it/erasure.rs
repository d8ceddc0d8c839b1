//! What is left of an organization that is erased: nothing, whatever comes late.

use std::sync::Arc;

use events::Envelope;
use events::topic::link::LinkCreated;
use events::topic::task::TaskStatus::{Done, Todo};
use events::topic::tenant::TenantDeleted;
use http::StatusCode;
use httpkit::Service;
use kernel::{Ids, TaskId};
use mongodb::bson::doc;
use serde_json::json;
use testkit::setting;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

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
    let mut rollups = 0;
    for collection in ["days", "months", "totals"] {
        let own = doc! { "tenant": acme.tenant.to_string() };
        rollups += world.documents(collection, own).await.len();
    }
    let (status, report) = world.erase(Service::TenantResolver, acme.tenant).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(report, json!({"events": 5, "tasks": 2, "rollups": rollups}));
    assert_eq!(
        (world.left(&acme).await, world.left(&zeta).await),
        (0, neighbour)
    );
    let (_, again) = world.erase(Service::Migrator, acme.tenant).await;
    assert_eq!(again, json!({"events": 0, "tasks": 0, "rollups": 0}));
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
    let (gate, url) = Gate::start().await;
    let world = World::at(&url).await;
    let mut acme = Organization::new();
    let events = story(&mut acme);
    let erasing = async {
        gate.reached.acquire().await.unwrap().forget();
        let (status, report) = world.erase(Service::TenantResolver, acme.tenant).await;
        assert_eq!((status, &report["events"]), (StatusCode::OK, &json!(0)));
        gate.open.add_permits(1);
    };
    tokio::join!(world.take_in(&events), erasing);
    assert_eq!(world.left(&acme).await, 0);
    world.drop().await;
}

/// A way to MongoDB on which the first commit waits.
#[derive(Clone)]
struct Gate {
    /// A commit is waiting.
    reached: Arc<Semaphore>,
    /// It may go on.
    open: Arc<Semaphore>,
}

impl Gate {
    async fn start() -> (Self, String) {
        let gate = Self {
            reached: Arc::new(Semaphore::new(0)),
            open: Arc::new(Semaphore::new(0)),
        };
        let url = setting("TENANTRY_TEST_MONGO_URL");
        let server = url.trim_start_matches("mongodb://").split('/').next();
        let server = server.unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let passing = gate.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mongo = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(passing.clone().pass(client, mongo));
            }
        });
        (
            gate,
            format!("mongodb://127.0.0.1:{port}/?directConnection=true"),
        )
    }

    async fn pass(self, client: TcpStream, mongo: TcpStream) {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_mongo, mut to_mongo) = mongo.into_split();
        tokio::spawn(async move { copy(&mut from_mongo, &mut to_client).await });
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(bytes @ 1..) = from_client.read(&mut buffer).await {
            let message = &buffer[..bytes];
            if message.windows(17).any(|part| part == b"commitTransaction") {
                self.reached.add_permits(1);
                let _open = self.open.acquire().await.unwrap();
                to_mongo.write_all(message).await.unwrap();
            } else if to_mongo.write_all(message).await.is_err() {
                return;
            }
        }
    }
}

#[tokio::test]
async fn names_of_people_are_not_kept() {
    let world = World::new().await;
    let acme = Organization::new();
    let joined = events::topic::user::MemberJoined {
        user_id: Ids::system().next(),
        name: "Zebulon Quartermaine".to_owned(),
        role: kernel::Role::Member,
        workspace: None,
    };
    let joined = acme.event("2026-03-02", &joined);
    world.take_in(&[joined]).await;
    assert!(world.left(&acme).await > 0);
    let contents = world.contents().await;
    let named = contents.values().flatten();
    assert_eq!(
        named.filter(|text| text.contains("Quartermaine")).count(),
        0
    );
    world.drop().await;
}
