//! Organizations made by an operator, renamed, and erased.

use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use events::outbox::OutboxRow;
use events::topic::tenant::{TenantDeleted, TenantRenamed};
use events::{Action, Amqp, Envelope, Event, Publisher};
use futures::future::join_all;
use httpkit::Service;
use identity::lifecycle::news;
use kernel::{Clock, Ids, TenantId};
use lapin::options::QueueDeleteOptions;
use sea_orm::sqlx;
use serde_json::{Value, json};
use testkit::{setting, until};
use tokio_util::sync::CancellationToken;

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

const PATH: &str = "/internal/v1/organizations";

const STRANGERS: [Service; 5] = [
    Service::Gateway,
    Service::Identity,
    Service::ProjectSvc,
    Service::Shortener,
    Service::Analytics,
];

async fn make(world: &World, body: &Value) -> Answer {
    world.post(PATH, body).by(Service::Migrator).send().await
}

async fn erase(world: &World, tenant: TenantId, service: Service) -> Answer {
    let call = world.call(Method::DELETE, &format!("{PATH}/{tenant}"));
    call.by(service).send().await
}

/// What the sweep does once nobody works on an organization any more.
async fn settle(world: &World) {
    let older = "update organizations set created_at = created_at - interval '6 seconds'";
    world.alter(older).await;
    identity::jobs::sweep(&world.identity).await.unwrap();
}

async fn me(world: &World, tenant: TenantId, token: &str) -> Value {
    let call = world.get("/api/v1/auth/me").at(tenant).bearer(token);
    call.send().await.expect(200).body
}

#[tokio::test]
async fn operator_s_organization_begins_with_an_invitation_for_its_owner() {
    let world = World::new().await;
    let tenant = world.resolver.claimed("acme");
    let body = json!({
        "tenant_id": tenant, "subdomain": "acme", "name": "Acme", "owner_email": "Ada@Example.com",
    });
    make(&world, &body).await.expect(201);
    make(&world, &body).await.expect(200);
    settle(&world).await;
    assert!(world.resolver.claims().tenants[&tenant].confirmed);
    assert_eq!(
        world
            .count("organizations where confirmed_at is not null")
            .await,
        1
    );
    assert_eq!(
        world.count("mail_queue").await,
        1,
        "one invitation, no greeting"
    );

    let token = world.token_of_newest_mail("ada@example.com").await;
    let body = json!({"token": token, "name": "Ada Lovelace", "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body).at(tenant);
    let session = call.send().await.expect(200).text("access_token");
    let me = me(&world, tenant, &session).await;
    assert_eq!(
        (&me["role"], &me["organization"]["name"]),
        (&json!("owner"), &json!("Acme"))
    );
    world.close().await;
}

#[tokio::test]
async fn invitation_of_the_operator_is_listed_without_an_inviter() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let tenant = world.resolver.claimed("copy");
    let copy =
        json!({"tenant_id": tenant, "subdomain": "copy", "name": "Copy", "members_of": acme.id});
    make(&world, &copy).await.expect(201);
    let owner = world.login(tenant, "acme@example.com", PASSWORD).await;
    let owner = owner.expect(200).text("access_token");
    world
        .alter(&format!(
            "insert into invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at)
             values (gen_random_uuid(), '{tenant}', 'bob@example.com', 'owner', sha256('x'), null, now() + interval '1 day')"
        ))
        .await;
    let list = world.get("/api/v1/invitations").at(tenant).bearer(&owner);
    let list = list.send().await.expect(200).body;
    assert_eq!(list["items"][0]["invited_by"], Value::Null);
    world.close().await;
}

#[tokio::test]
async fn copied_organization_has_the_same_people_in_the_same_roles() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world.member(&acme, "grace@example.com", "manager").await;
    world.member(&acme, "gone@example.com", "member").await;
    let gone = "update memberships set active = false
        where user_id = (select id from users where email = 'gone@example.com')";
    world.alter(gone).await;
    let mails = world.count("mail_queue").await;

    let tenant = world.resolver.claimed("copy");
    let body =
        json!({"tenant_id": tenant, "subdomain": "copy", "name": "Copy", "members_of": acme.id});
    make(&world, &body).await.expect(201);
    make(&world, &body).await.expect(200);
    settle(&world).await;
    assert!(world.resolver.claims().tenants[&tenant].confirmed);
    assert_eq!(world.count("mail_queue").await, mails);
    for (email, role) in [
        ("acme@example.com", "owner"),
        ("grace@example.com", "manager"),
    ] {
        let session = world.login(tenant, email, PASSWORD).await.expect(200);
        let me = me(&world, tenant, &session.text("access_token")).await;
        assert_eq!(me["role"], role);
        world.login(acme.id, email, PASSWORD).await.expect(200);
    }
    let refused = world.login(tenant, "gone@example.com", PASSWORD).await;
    assert_eq!(refused.problem(), (401, "invalid_credentials"));
    world.close().await;
}

#[tokio::test]
async fn organization_whose_claim_is_gone_is_removed() {
    let world = World::new().await;
    let tenant = world.resolver.claimed("acme");
    let body = json!({"tenant_id": tenant, "subdomain": "acme", "name": "A", "owner_email": "a@example.com"});
    make(&world, &body).await.expect(201);
    world.resolver.release_unconfirmed();
    settle(&world).await;
    assert_eq!(
        (
            world.count("organizations").await,
            world.count("invitations").await
        ),
        (0, 0)
    );
    world.close().await;
}

#[tokio::test]
async fn organization_is_made_by_the_operator_alone_and_whole() {
    let world = World::new().await;
    let (tenant, unknown): (TenantId, TenantId) = (Ids::system().next(), Ids::system().next());
    let with = |more: Value| {
        let mut body = json!({"tenant_id": tenant, "subdomain": "acme", "name": "Acme"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let good = with(json!({"owner_email": "a@example.com"}));
    for service in STRANGERS.into_iter().chain([Service::TenantResolver]) {
        let answer = world.post(PATH, &good).by(service).send().await;
        assert_eq!(answer.problem(), (403, "service_not_allowed"), "{service}");
    }
    for (more, status) in [
        (json!({}), 422),
        (
            json!({"owner_email": "a@example.com", "members_of": unknown}),
            422,
        ),
        (json!({"owner_email": "nonsense"}), 422),
        (
            json!({"owner_email": "a@example.com", "name": "two\nlines"}),
            422,
        ),
        (
            json!({"owner_email": "a@example.com", "subdomain": "../x"}),
            422,
        ),
        (json!({"members_of": unknown}), 404),
    ] {
        assert_eq!(
            make(&world, &with(more.clone())).await.status,
            status,
            "{more}"
        );
    }
    assert_eq!(world.count("organizations").await, 0);
    world.close().await;
}

#[tokio::test]
async fn erasure_removes_an_organization_and_who_is_in_no_other() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    world.member(&acme, "grace@example.com", "member").await;
    // The owner of zeta is a member of acme too, and stays.
    let token = world.invite(&acme, "zeta@example.com", "admin").await;
    let body = json!({"token": token, "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body).at(acme.id);
    call.send().await.expect(200);
    let body = json!({"email": "open@example.com", "role": "member"});
    let call = world
        .post("/api/v1/invitations", &body)
        .header("idempotency-key", "k");
    call.at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(201);
    let events = world.events().await.len();

    let report = erase(&world, acme.id, Service::TenantResolver)
        .await
        .expect(200);
    let expected = json!({
        "organizations": 1, "memberships": 3, "invitations": 3, "sessions": 3, "mails": 4,
        "signups": 1, "answers": 1, "audit_events": 8, "people": 2,
    });
    assert_eq!(report.body, expected);
    assert_eq!(world.events().await[events..], ["session.revoked"; 3]);
    for (table, left) in [
        ("organizations", 1),
        ("memberships", 1),
        ("users", 1),
        ("sessions", 1),
        ("refresh_tokens", 1),
        ("invitations", 0),
        ("mail_queue", 1),
        ("signups", 1),
        ("idempotency_keys", 0),
    ] {
        assert_eq!(world.count(table).await, left, "{table}");
    }
    world
        .login(zeta.id, "zeta@example.com", PASSWORD)
        .await
        .expect(200);
    let again = erase(&world, acme.id, Service::Migrator).await.expect(200);
    assert!(
        again
            .body
            .as_object()
            .unwrap()
            .values()
            .all(|count| *count == 0)
    );
    world.close().await;
}

#[tokio::test]
async fn strangers_erase_nothing() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    for service in STRANGERS {
        let answer = erase(&world, acme.id, service).await;
        assert_eq!(answer.problem(), (403, "service_not_allowed"), "{service}");
    }
    assert_eq!(world.count("memberships").await, 1);
    world.close().await;
}

#[tokio::test]
async fn who_joins_another_organization_meanwhile_is_not_lost() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    world.member(&acme, "grace@example.com", "member").await;
    let mut joining = world.meanwhile().await;
    let join = "insert into memberships (tenant_id, user_id, role)
        select $1, id, 'member' from users where email = 'grace@example.com'";
    let join = sqlx::query(join).bind(zeta.id.uuid());
    join.execute(&mut *joining).await.unwrap();
    let committing = async {
        world.waiting(1).await;
        joining.commit().await.unwrap();
    };
    let erasing = erase(&world, acme.id, Service::TenantResolver);
    let (erased, ()) = tokio::join!(erasing, committing);
    assert_eq!(erased.expect(200).body["people"], 1);
    let grace = world.login(zeta.id, "grace@example.com", PASSWORD).await;
    grace.expect(200);
    world.close().await;
}

fn told<E: Event>(tenant: TenantId, at: DateTime<Utc>, event: &E) -> Envelope {
    let (ids, clock) = (Ids::system(), Clock::system());
    Envelope::new(&ids, &clock, "test", tenant, None, event).at(at)
}

fn renamed(organization: &Organization, from: &str, to: &str, at: DateTime<Utc>) -> Envelope {
    let event = TenantRenamed {
        tenant_id: organization.id,
        subdomain: to.to_owned(),
        former_subdomain: from.to_owned(),
    };
    told(organization.id, at, &event)
}

#[tokio::test]
async fn renamed_organization_shows_its_new_address() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let now = world.clock.now();
    let first = renamed(&acme, "acme", "apex", now);
    let second = renamed(&acme, "apex", "initech", now + TimeDelta::seconds(1));
    for event in [&first, &second, &first, &second] {
        assert_eq!(news::take(&world.identity, event).await, Action::Ack);
    }
    let me = me(&world, acme.id, &acme.owner).await;
    assert_eq!(me["organization"]["subdomain"], "initech");
    assert_eq!(me["organization"]["url"], "http://initech.localhost:8080");
    world.invite(&acme, "grace@example.com", "member").await;
    let mail = "mail_queue where recipient = 'grace@example.com'
        and text_body like '%http://initech.localhost:8080/invitations/accept#token=%'";
    assert_eq!(world.count(mail).await, 1);
    world.close().await;
}

#[tokio::test]
async fn told_end_erases_what_is_left_and_may_be_told_again() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let url = setting("TENANTRY_TEST_AMQP_URL");
    let queue = testkit::unique("test.identity.");
    let shutdown = CancellationToken::new();
    let consumer = news::consumer(Amqp::new(&url, "test").unwrap(), &queue);
    let state = consumer.state();
    let identity = std::sync::Arc::clone(&world.identity);
    let running = tokio::spawn(news::run(identity, consumer, shutdown.clone()));
    state.wait_connected().await;
    let publisher = Publisher::new(Amqp::new(&url, "test").unwrap());
    tokio::spawn(publisher.clone().run(shutdown.clone()));
    publisher.state().wait_connected().await;

    let event = TenantDeleted {
        tenant_id: acme.id,
        subdomain: "acme".to_owned(),
    };
    let event = told(acme.id, world.clock.now(), &event);
    let row = OutboxRow {
        seq: 1,
        id: event.id.uuid(),
        kind: event.kind.to_string(),
        event: event.to_json().to_string(),
        behind: 1,
        age_ms: 0,
    };
    publisher.publish(std::slice::from_ref(&row)).await.unwrap();
    until("the organization is gone", async || {
        world.count("organizations").await == 0
    })
    .await;
    let again = join_all((0..3).map(|_| news::take(&world.identity, &event))).await;
    assert_eq!(again, vec![Action::Ack; 3]);
    assert_eq!(world.count("users").await, 0);
    shutdown.cancel();
    running.await.unwrap();
    delete_queues(&url, &queue).await;
    world.close().await;
}

async fn delete_queues(url: &str, queue: &str) {
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(url, properties).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    for name in [queue.to_owned(), format!("{queue}.dead")] {
        let options = QueueDeleteOptions::default();
        channel.queue_delete(name.into(), options).await.unwrap();
    }
}
