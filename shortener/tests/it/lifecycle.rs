//! Links of organizations that are suspended, renamed, erased.

use events::outbox::OutboxRow;
use events::topic::tenant::{TenantRenamed, TenantSuspended};
use events::topic::user::MemberLeft;
use events::{Amqp, Envelope, Event, Publisher};
use httpkit::Service;
use kernel::{Clock, Ids, Role, TenantId};
use sea_orm::sqlx;
use serde_json::{Value, json};
use testkit::{setting, until};
use tokio_util::sync::CancellationToken;

use crate::world::{World, browse, path, program, submit};

/// Publishes as the resolver would, until the broker has confirmed it.
async fn publish<E: Event>(tenant: TenantId, event: &E) {
    let amqp = Amqp::new(&setting("TENANTRY_TEST_AMQP_URL"), "shortener-test").unwrap();
    let publisher = Publisher::new(amqp);
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(publisher.clone().run(shutdown.clone()));
    publisher.state().wait_connected().await;
    let (ids, clock) = (Ids::system(), Clock::system());
    let envelope = Envelope::new(&ids, &clock, "shortener-test", tenant, None, event);
    let row = OutboxRow {
        seq: 1,
        id: envelope.id.uuid(),
        kind: E::TYPE.to_owned(),
        event: envelope.to_json().to_string(),
        behind: 1,
        age_ms: 0,
    };
    publisher.publish(std::slice::from_ref(&row)).await.unwrap();
    shutdown.cancel();
    running.await.unwrap();
}

/// The answers to a guest: a page, JSON, a password.
async fn asked(world: &World, page: &str) -> (String, String, Value, String) {
    let html = world.send(world.tenant, browse(page, None)).await;
    assert_eq!(html.status, 404);
    let told = world.send(world.tenant, program("GET", page, None)).await;
    assert_eq!(told.status, 404);
    let mut told = told.json();
    let problem = told.as_object_mut().unwrap();
    problem.retain(|name, _| name != "instance" && name != "request_id");
    let post = world.send(world.tenant, submit(page, "correct+horse"));
    let post = post.await;
    assert_eq!(post.status, 404);
    (html.text, format!("{:?}", html.headers), told, post.text)
}

/// Gives all links to an organization that nobody has asked about yet.
async fn hand_over(world: &mut World) {
    world.tenant = Ids::system().next();
    let give = sqlx::query("update links set tenant_id = $1").bind(world.tenant.uuid());
    give.execute(&world.db).await.unwrap();
}

#[tokio::test]
async fn links_of_a_closed_organization_look_like_links_that_never_were() {
    let mut world = World::new().await;
    let ada = world.person(Role::Member);
    let plain = path(&world.link(&ada, &json!({})).await);
    let locked = json!({ "password": "correct horse" });
    let locked = path(&world.link(&ada, &locked).await);
    let unknown = asked(&world, "/s/2222222222222222222222").await;
    for status in ["suspended", "deleting"] {
        world.tenants.say("acme", status);
        hand_over(&mut world).await;
        for page in [&plain, &locked] {
            assert_eq!(asked(&world, page).await, unknown, "{status}");
        }
    }
    let counted = "select sum(opens + failed_attempts)::bigint from links";
    let counted: i64 = sqlx::query_scalar(counted)
        .fetch_one(&world.db)
        .await
        .unwrap();
    assert_eq!(counted, 0);
    world.end().await;
}

#[tokio::test]
async fn links_open_while_the_resolver_is_away_or_the_organization_is_held() {
    let mut world = World::new().await;
    let link = world.link(&world.person(Role::Member), &json!({})).await;
    for status in ["away", "moving", "migrating"] {
        world.tenants.say("acme", status);
        hand_over(&mut world).await;
        let shown = world.send(world.tenant, browse(&path(&link), None)).await;
        assert_eq!(shown.status, 200, "{status}");
    }
    world.end().await;
}

#[tokio::test]
async fn news_of_an_organization_count_at_once() {
    let world = World::with_broker(&setting("TENANTRY_TEST_AMQP_URL")).await;
    until("events are heard", async || {
        let report = world.app.health.report().await;
        report.checks.iter().all(|check| check.ok)
    })
    .await;
    let ada = world.person(Role::Member);
    let link = world.link(&ada, &json!({})).await;
    let own = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
    let url = async || {
        let shown = world.ask(&ada, "GET", &own, None).await;
        shown.json()["url"].as_str().unwrap().to_owned()
    };
    assert!(url().await.starts_with("http://acme.localhost:8080/s/"));
    world.tenants.say("apex", "active");
    let renamed = TenantRenamed {
        tenant_id: world.tenant,
        subdomain: "apex".to_owned(),
        former_subdomain: "acme".to_owned(),
    };
    publish(world.tenant, &renamed).await;
    until("the link shows the new host", async || {
        url().await.starts_with("http://apex.localhost:8080/s/")
    })
    .await;
    let guest = world.send(world.tenant, browse(&path(&link), None)).await;
    assert_eq!(guest.status, 200);
    world.tenants.say("apex", "suspended");
    let suspended = TenantSuspended {
        tenant_id: world.tenant,
        subdomain: "apex".to_owned(),
    };
    publish(world.tenant, &suspended).await;
    until("who is in is out", async || {
        let again = browse(&path(&link), guest.cookie().as_deref());
        world.send(world.tenant, again).await.status == 404
    })
    .await;
    world.end().await;
}

#[tokio::test]
async fn who_leaves_takes_their_links_along() {
    let world = World::with_broker(&setting("TENANTRY_TEST_AMQP_URL")).await;
    until("events are heard", async || {
        let report = world.app.health.report().await;
        report.checks.iter().all(|check| check.ok)
    })
    .await;
    let (ada, bob) = (world.person(Role::Member), world.person(Role::Member));
    let mut links = Vec::new();
    for owner in [&ada, &ada, &bob] {
        links.push(world.link(owner, &json!({})).await);
    }
    let user_id = links[0]["created_by"].as_str().unwrap().parse().unwrap();
    publish(world.tenant, &MemberLeft { user_id }).await;
    let status = async |link: &Value| {
        let guest = world.send(world.tenant, browse(&path(link), None)).await;
        guest.status.as_u16()
    };
    until("the links are gone", async || {
        status(&links[0]).await == 404 && status(&links[1]).await == 404
    })
    .await;
    assert_eq!(status(&links[2]).await, 200);
    // Again, and of somebody who has none.
    publish(world.tenant, &MemberLeft { user_id }).await;
    publish(
        world.tenant,
        &MemberLeft {
            user_id: Ids::system().next(),
        },
    )
    .await;
    assert_eq!(status(&links[2]).await, 200);
    world.end().await;
}

#[tokio::test]
async fn erasure_removes_every_trace_of_one_organization() {
    let world = World::new().await;
    let (ada, bob) = (
        world.person(Role::Member),
        world.person_of(world.other_tenant, Role::Member),
    );
    let link = world.link(&ada, &json!({})).await;
    let task = link["resource"]["id"].clone();
    let body = json!({ "resource": { "kind": "task", "id": task } });
    world.ask_once(&ada, "k", &body).await;
    world.link(&bob, &json!({})).await;
    for service in [
        Service::Gateway,
        Service::Identity,
        Service::ProjectSvc,
        Service::Shortener,
        Service::Analytics,
    ] {
        let answer = world.erase(service, world.tenant).await;
        assert_eq!(answer.outcome(), (403, "service_not_allowed".to_owned()));
    }
    for (service, report) in [
        (
            Service::TenantResolver,
            json!({ "links": 2, "events": 2, "answers": 1 }),
        ),
        (
            Service::Migrator,
            json!({ "links": 0, "events": 0, "answers": 0 }),
        ),
    ] {
        let answer = world.erase(service, world.tenant).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, report));
    }
    for (table, left) in [("links", 1), ("outbox", 1), ("idempotency_keys", 0)] {
        let count = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let count: i64 = sqlx::query_scalar(count)
            .fetch_one(&world.db)
            .await
            .unwrap();
        assert_eq!(count, left, "{table}");
    }
    let gone = world.send(world.tenant, browse(&path(&link), None)).await;
    assert_eq!(gone.status, 404);
    world.end().await;
}
