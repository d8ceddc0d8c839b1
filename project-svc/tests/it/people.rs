//! Who work may be given to, and how the service learns of people.

use events::topic::user::{MemberJoined, MemberLeft, UserPermissionChanged, UserUpdated};
use events::{Action, Amqp, Consumer, Envelope, Event, Publisher, Queue};
use kernel::{Clock, Role, UserId};
use serde_json::json;

use crate::world::{World, environment, eventually};

#[tokio::test]
async fn only_active_members_are_assigned() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let (known, unknown) = (world.person(Role::Member).id, world.person(Role::Member).id);
    world.neighbours.know(known, Role::Member);
    let path = format!("/projects/{project}/tasks");
    let task = json!({"title": "Fuel", "assignee_ids": [known, unknown]});
    owner
        .post(&path, task)
        .await
        .expect_refused(&["/assignee_ids/1"]);
    let task = json!({"title": "Fuel", "assignee_ids": [known]});
    let task = owner.post(&path, task).await.expect(201);
    assert_eq!(task["assignee_ids"], json!([known]));

    let leave = sea_orm::sqlx::query("update people set active = false where id = $1");
    leave
        .bind(known.uuid())
        .execute(&world.database)
        .await
        .unwrap();
    let path = format!("/tasks/{}/assign", crate::client::text(&task, "id"));
    let again = json!({"assignee_ids": [known]});
    owner
        .put(&path, again)
        .await
        .expect_refused(&["/assignee_ids/0"]);
    let nobody = owner
        .put(&path, json!({"assignee_ids": []}))
        .await
        .expect(200);
    assert_eq!(nobody["assignee_ids"], json!([]));
    let event = world.last_event("task.assigned").await;
    assert_eq!(
        (&event["assignee_ids"], &event["previous_ids"]),
        (&json!([]), &json!([known]))
    );
    world.end().await;
}

fn told<E: Event>(world: &World, clock: &Clock, event: &E) -> Envelope {
    Envelope::new(&world.app.ids, clock, "identity", world.tenant, None, event)
}

async fn person(world: &World, id: UserId) -> Option<(String, String)> {
    let row = sea_orm::sqlx::query_as("select name, role from people where id = $1");
    row.bind(id.uuid())
        .fetch_optional(&world.database)
        .await
        .unwrap()
}

#[tokio::test]
async fn news_of_people_is_taken_in_and_older_news_changes_nothing() {
    let world = World::new().await;
    let handler = project_svc::jobs::people::handler(world.state.clone());
    let user_id: UserId = world.app.ids.next();
    let clock = Clock::fixed(Clock::system().now());
    let joined = MemberJoined {
        user_id,
        name: "Grace".to_owned(),
        role: Role::Member,
        workspace: None,
    };
    let promoted = UserPermissionChanged {
        user_id,
        role: Role::Admin,
        permissions: None,
    };
    let first = told(&world, &clock, &joined);
    clock.advance(chrono::TimeDelta::seconds(1));
    let second = told(&world, &clock, &promoted);
    let batch = vec![first.clone(), second, first];
    assert_eq!(handler(batch).await, vec![Action::Ack; 3]);
    let expected = ("Grace".to_owned(), "admin".to_owned());
    assert_eq!(person(&world, user_id).await, Some(expected));

    let nobodys = Envelope::new(&world.app.ids, &clock, "identity", None, None, &promoted);
    let actions = handler(vec![nobodys]).await;
    assert!(matches!(actions.as_slice(), [Action::Dead(_)]));
    world.end().await;
}

#[tokio::test]
async fn other_name_is_shown_and_who_left_is_given_nothing() {
    let world = World::new().await;
    let handler = project_svc::jobs::people::handler(world.state.clone());
    let user_id: UserId = world.app.ids.next();
    let clock = Clock::fixed(Clock::system().now());
    let joined = |name: &str| MemberJoined {
        user_id,
        name: name.to_owned(),
        role: Role::Member,
        workspace: None,
    };
    let next = || clock.advance(chrono::TimeDelta::seconds(1));
    let first = told(&world, &clock, &joined("Grace"));
    next();
    let name = "Grace Hopper".to_owned();
    let renamed = told(&world, &clock, &UserUpdated { user_id, name });
    // Whatever comes late or twice changes nothing.
    let batch = vec![first.clone(), renamed.clone(), first, renamed];
    assert_eq!(handler(batch).await, vec![Action::Ack; 4]);
    let expected = ("Grace Hopper".to_owned(), "member".to_owned());
    assert_eq!(person(&world, user_id).await, Some(expected.clone()));

    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let path = format!("/projects/{project}/tasks");
    let task = json!({"title": "Fuel", "assignee_ids": [user_id]});
    owner.post(&path, task.clone()).await.expect(201);
    next();
    let left = told(&world, &clock, &MemberLeft { user_id });
    assert_eq!(handler(vec![left.clone()]).await, vec![Action::Ack]);
    owner
        .post(&path, task.clone())
        .await
        .expect_refused(&["/assignee_ids/0"]);
    assert_eq!(person(&world, user_id).await, Some(expected));
    next();
    let again = told(&world, &clock, &joined("Grace"));
    assert_eq!(handler(vec![again, left]).await, vec![Action::Ack; 2]);
    owner.post(&path, task).await.expect(201);
    world.end().await;
}

#[tokio::test]
async fn news_in_any_order_come_to_the_same() {
    let world = World::new().await;
    let handler = project_svc::jobs::people::handler(world.state.clone());
    let clock = Clock::fixed(Clock::system().now());
    let next = || clock.advance(chrono::TimeDelta::seconds(1));
    let (gone, promoted): (UserId, UserId) = (world.app.ids.next(), world.app.ids.next());
    let joined = |user_id| MemberJoined {
        user_id,
        name: "Ada".to_owned(),
        role: Role::Member,
        workspace: None,
    };
    let joins = [gone, promoted].map(|id| told(&world, &clock, &joined(id)));
    next();
    let leaves = told(&world, &clock, &MemberLeft { user_id: gone });
    let permission = UserPermissionChanged {
        user_id: promoted,
        role: Role::Admin,
        permissions: None,
    };
    let rises = told(&world, &clock, &permission);
    next();
    let renamed = UserUpdated {
        user_id: promoted,
        name: "Grace".to_owned(),
    };
    let renamed = told(&world, &clock, &renamed);

    // As identity would tell if it were asked by now.
    world.neighbours.know(promoted, Role::Admin);
    let [gone_joins, promoted_joins] = joins;
    let late = vec![leaves, gone_joins, renamed, rises, promoted_joins];
    assert_eq!(handler(late).await, vec![Action::Ack; 5]);
    let admin = ("Grace".to_owned(), "admin".to_owned());
    assert_eq!(person(&world, promoted).await, Some(admin));
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let path = format!("/projects/{project}/tasks");
    let task = |id: UserId| json!({"title": "Fuel", "assignee_ids": [id]});
    owner.post(&path, task(promoted)).await.expect(201);
    owner
        .post(&path, task(gone))
        .await
        .expect_refused(&["/assignee_ids/0"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_leave_through_the_broker_and_people_come_in_by_it() {
    let world = World::new().await;
    let amqp = Amqp::new(&environment("TENANTRY_TEST_AMQP_URL"), "project-svc-test").unwrap();
    let publisher = Publisher::new(amqp.clone());
    let (app, shutdown) = (&world.app, world.app.shutdown.clone());
    app.spawn("publisher", publisher.clone().run(shutdown.clone()));
    let fleet = tenancy::TenantFleet(world.state.pools.clone());
    let settings = events::fleet::FleetSettings::default();
    app.spawn(
        "relay",
        events::fleet::run(
            fleet,
            publisher,
            world.wake.clone(),
            settings,
            shutdown.clone(),
        ),
    );
    let (name, tenant) = (format!("test.{}", world.tenant), world.tenant);
    let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
    let consumer = Consumer::new(amqp, Queue::live(&name, &["project.#"]));
    let state = consumer.state();
    let handler = move |envelopes: Vec<Envelope>| {
        let actions = vec![Action::Ack; envelopes.len()];
        for envelope in envelopes
            .into_iter()
            .filter(|event| event.tenantid == Some(tenant))
        {
            sender.send(envelope).unwrap();
        }
        async move { actions }
    };
    app.spawn("consumer", consumer.run(handler, shutdown));
    eventually("consumer connected", async || state.connected()).await;

    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let event = received.recv().await.unwrap();
    assert_eq!(
        (event.kind.as_ref(), event.subject),
        ("project.created", Some(project))
    );
    assert_eq!(event.actorid, Some(owner.id));
    eventually("outbox empty", async || world.events().await.is_empty()).await;
    world.end().await;
}

#[tokio::test]
async fn erased_person_is_a_former_member_whatever_comes_late() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let gone = world.person(Role::Manager);
    let path = format!("/projects/{project}/tasks");
    let task = gone.post(&path, json!({"title": "Fuel"})).await.expect(201);
    let comments = format!("/tasks/{}/comments", crate::client::text(&task, "id"));
    let said = json!({"body": "Done soon"});
    gone.post(&comments, said).await.expect(201);
    let favourite = format!("/favourites/project/{project}");
    gone.put(&favourite, json!({})).await.expect(204);
    let path = format!("/internal/v1/people/{}", gone.id);

    let kept = world
        .as_identity(reqwest::Method::GET, &path)
        .await
        .expect(200);
    let tables: Vec<&str> = kept["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["table"].as_str().unwrap())
        .collect();
    let expected = [
        "activities",
        "activities",
        "comments",
        "favourites",
        "people",
        "tasks",
    ];
    assert_eq!(tables, expected, "{kept}");
    let one = format!("{path}?limit=1");
    let first = world
        .as_identity(reqwest::Method::GET, &one)
        .await
        .expect(200);
    let next = format!(
        "{one}&cursor={}",
        crate::client::text(&first, "next_cursor")
    );
    let second = world
        .as_identity(reqwest::Method::GET, &next)
        .await
        .expect(200);
    assert_eq!(second["items"], json!([kept["items"][1]]));

    let report = world
        .as_identity(reqwest::Method::DELETE, &path)
        .await
        .expect(200);
    assert_eq!(report["kept"]["comments.author_id"], 1, "{report}");
    assert_eq!(report["removed"]["favourites"], 1, "{report}");
    let late = MemberJoined {
        user_id: gone.id,
        name: "Zebulon".to_owned(),
        role: Role::Admin,
        workspace: None,
    };
    let earlier = Clock::fixed(world.app.clock.now() - chrono::TimeDelta::seconds(1));
    let handler = project_svc::jobs::people::handler(world.state.clone());
    let told = told(&world, &earlier, &late);
    assert_eq!(handler(vec![told]).await, [Action::Ack]);
    let former = Some(("Former member".to_owned(), "viewer".to_owned()));
    assert_eq!(person(&world, gone.id).await, former);
    // A token that is still good brings the name back no more than the event.
    gone.post(&comments, json!({"body": "Again"}))
        .await
        .expect(201);
    assert_eq!(person(&world, gone.id).await, former);
    world
        .as_identity(reqwest::Method::DELETE, &path)
        .await
        .expect(200);
    world.end().await;
}
