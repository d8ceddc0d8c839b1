//! Sign-up: once, whole, or not at all.

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;

use crate::world::{World, sign_up};

const PATH: &str = "/api/v1/organizations";

#[tokio::test]
async fn sign_up_makes_an_organization_whose_owner_is_in() {
    let world = World::new().await;
    let body = sign_up("acme", "Ada@Example.com");
    let answer = world.post(PATH, &body).send().await.expect(201);
    assert_eq!(
        answer.body["organization"]["url"],
        "http://acme.localhost:8080"
    );
    assert_eq!(answer.body["user"]["email"], "ada@example.com");
    let tenant = answer.body["organization"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let token = answer.body["session"]["access_token"].as_str().unwrap();

    let me = world
        .get("/api/v1/auth/me")
        .at(tenant)
        .bearer(token)
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&me.body["role"], &me.body["organization"]["subdomain"]),
        (&json!("owner"), &json!("acme"))
    );
    assert_eq!(
        world.events().await,
        ["user.created", "organization.created", "member.joined"]
    );
    assert_eq!(
        world
            .count("mail_queue where recipient = 'ada@example.com'")
            .await,
        1
    );
    assert!(world.resolver.claims().tenants[&tenant].confirmed);
    world.close().await;
}

#[tokio::test]
async fn name_that_is_taken_tells_nothing_about_an_address() {
    let world = World::new().await;
    world.organization("acme").await;
    let users = world.count("users").await;
    for email in ["acme@example.com", "nobody@example.com"] {
        let mut body = sign_up("acme", email);
        body["owner"]["password"] = json!("wrong horse battery");
        let refused = world.post(PATH, &body).send().await;
        assert_eq!(refused.problem(), (409, "subdomain_taken"), "{email}");
    }
    assert_eq!(world.count("users").await, users);
    assert_eq!(world.count("signups").await, 1);
    world.close().await;
}

#[tokio::test]
async fn same_key_answers_the_same_organization_to_who_knows_the_password() {
    let world = World::new().await;
    let send = |body| {
        let call = world.post(PATH, &body).header("idempotency-key", "once");
        call.send()
    };
    let first = send(sign_up("acme", "ada@example.com")).await.expect(201);
    let again = send(sign_up("acme", "ada@example.com")).await.expect(201);
    assert_eq!(first.body["organization"], again.body["organization"]);
    assert_ne!(
        first.body["session"]["refresh_token"],
        again.body["session"]["refresh_token"]
    );
    assert_eq!(world.count("organizations").await, 1);
    assert_eq!(world.events().await.len(), 3);

    let other = send(sign_up("other", "ada@example.com")).await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
    let mut stranger = sign_up("acme", "ada@example.com");
    stranger["owner"]["password"] = json!("wrong horse battery");
    assert_eq!(send(stranger).await.problem(), (401, "invalid_credentials"));
    world.close().await;
}

#[tokio::test]
async fn parallel_twins_make_one_organization() {
    let world = World::new().await;
    let body = sign_up("acme", "ada@example.com");
    // A machine under load may answer 503; the same key then comes again.
    let twin = async |number: u8| {
        let address = format!("192.0.2.{number}");
        loop {
            let call = world.post(PATH, &body).header("idempotency-key", "once");
            let answer = call.from(&address).send().await;
            if answer.status != 503 {
                break answer.expect(201);
            }
        }
    };
    join_all((0..6).map(twin)).await;
    assert_eq!(
        (
            world.count("organizations").await,
            world.count("users").await
        ),
        (1, 1)
    );
    assert_eq!(world.resolver.claims().tenants.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn owner_of_one_organization_founds_another_with_the_same_account() {
    let world = World::new().await;
    world
        .post(PATH, &sign_up("acme", "ada@example.com"))
        .send()
        .await
        .expect(201);
    world
        .post(PATH, &sign_up("zeta", "ada@example.com"))
        .send()
        .await
        .expect(201);
    assert_eq!(
        (
            world.count("organizations").await,
            world.count("users").await
        ),
        (2, 1)
    );
    world.close().await;
}

#[tokio::test]
async fn refused_names_leave_nothing_and_free_the_key() {
    let world = World::new().await;
    world.organization("acme").await;
    let send = |subdomain| {
        let body = sign_up(subdomain, "bob@example.com");
        let call = world.post(PATH, &body).header("idempotency-key", "bobs");
        async move { call.send().await }
    };
    assert_eq!(send("acme").await.problem(), (409, "subdomain_taken"));
    for (name, code) in [("www", "subdomain_reserved"), ("-a", "subdomain_malformed")] {
        let answer = send(name).await;
        assert_eq!(answer.problem(), (422, code));
        assert_eq!(answer.body["errors"][0]["pointer"], "/subdomain");
    }
    assert_eq!(
        world.count("users where email = 'bob@example.com'").await,
        0
    );
    send("bobs").await.expect(201);
    world.close().await;
}

#[tokio::test]
async fn wrong_fields_are_told_all_at_once() {
    let world = World::new().await;
    let body = json!({"name": " ", "subdomain": "acme", "owner": {"name": "Ada", "email": "ada", "password": "password123", "role": "owner"}});
    let answer = world.post(PATH, &body).send().await.expect(422);
    let mut pointers: Vec<_> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        ["/name", "/owner/email", "/owner/password", "/owner/role"]
    );
    world.close().await;
}

#[tokio::test]
async fn crash_between_claim_and_organization_leaves_nothing() {
    let world = World::new().await;
    // The database refuses the organization, as if the process had died there.
    world
        .alter("alter table organizations add constraint broken check (name = '')")
        .await;
    let body = sign_up("acme", "ada@example.com");
    let failed = world
        .post(PATH, &body)
        .header("idempotency-key", "k")
        .send()
        .await;
    assert_eq!(failed.status.as_u16(), 500);
    let tenant = *world.resolver.claims().tenants.keys().next().unwrap();
    for table in [
        "users",
        "organizations",
        "memberships",
        "outbox",
        "mail_queue",
    ] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }

    // The resolver asks whether the organization is known, and hears that it is not.
    let path = format!("/internal/v1/organizations/{tenant}");
    world.get(&path).send().await.expect(404);
    world.resolver.release_unconfirmed();
    world
        .alter("alter table organizations drop constraint broken")
        .await;
    world
        .post(PATH, &body)
        .header("idempotency-key", "k")
        .send()
        .await
        .expect(201);
    assert_eq!(world.resolver.claims().tenants.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn sweep_finishes_a_sign_up_that_was_not_confirmed() {
    let world = World::new().await;
    world.resolver.claims().confirming_fails = true;
    let body = sign_up("acme", "ada@example.com");
    assert_eq!(world.post(PATH, &body).send().await.status.as_u16(), 503);
    assert_eq!(world.events().await, ["user.created"]);

    world.resolver.claims().confirming_fails = false;
    world.clock.advance(TimeDelta::seconds(10));
    identity::jobs::sweep(&world.identity).await.unwrap();
    assert_eq!(
        world
            .count("organizations where confirmed_at is not null")
            .await,
        1
    );
    assert_eq!(
        world.events().await,
        ["user.created", "organization.created", "member.joined"]
    );
    identity::jobs::sweep(&world.identity).await.unwrap();
    assert_eq!(world.events().await.len(), 3);
    world.close().await;
}

#[tokio::test]
async fn sweep_removes_an_organization_whose_claim_is_gone() {
    let world = World::new().await;
    world.resolver.claims().confirming_fails = true;
    let body = sign_up("acme", "ada@example.com");
    assert_eq!(
        world
            .post(PATH, &body)
            .header("idempotency-key", "k")
            .send()
            .await
            .status
            .as_u16(),
        503
    );
    world.resolver.claims().confirming_fails = false;
    world.resolver.release_unconfirmed();

    world.clock.advance(TimeDelta::seconds(10));
    identity::jobs::sweep(&world.identity).await.unwrap();
    for table in ["organizations", "memberships", "signups"] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
    world
        .post(PATH, &body)
        .header("idempotency-key", "k")
        .send()
        .await
        .expect(201);
    world.close().await;
}

#[tokio::test]
async fn resolver_that_is_away_makes_sign_up_come_back_later() {
    let world = World::new().await;
    world.resolver.claims().down = true;
    let answer = world
        .post(PATH, &sign_up("acme", "ada@example.com"))
        .send()
        .await;
    assert_eq!(answer.problem(), (503, "upstream_unavailable"));
    assert!(answer.headers.contains_key("retry-after"));
    world.close().await;
}

#[tokio::test]
async fn sign_up_is_on_the_bare_domain_alone() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let body = sign_up("zeta", "bob@example.com");
    world.post(PATH, &body).at(acme.id).send().await.expect(404);
    world
        .get("/api/v1/subdomains/zeta")
        .at(acme.id)
        .send()
        .await
        .expect(404);
    for (name, available) in [
        ("zeta", true),
        ("acme", false),
        ("www", false),
        ("..%2Fx", false),
    ] {
        let answer = world
            .get(&format!("/api/v1/subdomains/{name}"))
            .send()
            .await
            .expect(200);
        assert_eq!(answer.body["available"], available, "{name}");
    }
    world.close().await;
}
