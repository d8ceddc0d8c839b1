//! Personal access tokens: what they may be, what they are good for, and their end.

use axum::http::Method;
use chrono::TimeDelta;
use httpkit::Service;
use httpkit::tokens::Via;
use kernel::{Permission, TenantId};
use serde_json::{Value, json};

use crate::call::Answer;
use crate::world::World;

fn wanted(world: &World, scopes: &[&str]) -> Value {
    let expires_at = world.clock.now() + TimeDelta::days(30);
    json!({"name": "nightly export", "scopes": scopes, "expires_at": expires_at})
}

async fn make(world: &World, tenant: TenantId, who: &str, body: &Value) -> Answer {
    let call = world.post("/api/v1/tokens", body).at(tenant);
    call.bearer(who).send().await
}

async fn exchange(world: &World, tenant: TenantId, token: &str) -> Answer {
    let body = json!({"token": token});
    let call = world.post("/internal/v1/tokens/exchange", &body);
    call.at(tenant).send().await
}

async fn delete(world: &World, tenant: TenantId, who: &str, id: &str) -> Answer {
    let call = world.call(Method::DELETE, &format!("/api/v1/tokens/{id}"));
    call.at(tenant).bearer(who).send().await
}

async fn list(world: &World, tenant: TenantId, who: &str, query: &str) -> Answer {
    let call = world.get(&format!("/api/v1/tokens{query}"));
    call.at(tenant).bearer(who).send().await
}

#[tokio::test]
async fn token_is_shown_once_and_stored_as_its_hash() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let body = wanted(&world, &["task:read", "project:read"]);
    let made = make(&world, acme.id, &acme.owner, &body).await.expect(201);
    let token = made.text("token");
    assert!(token.starts_with("tntp_") && token.ends_with(&made.text("hint")));
    assert_eq!(
        made.headers["location"],
        format!("/api/v1/tokens/{}", made.text("id"))
    );
    let listed = list(&world, acme.id, &acme.owner, "").await.expect(200);
    assert!(!listed.body.to_string().contains(&token));
    assert_eq!(listed.body["items"][0]["user_name"], "Ada Lovelace");
    assert_eq!(listed.body["items"][0]["last_used_at"], Value::Null);
    let plain = format!("personal_tokens t where t::text like '%{}%'", &token);
    assert_eq!(world.count(&plain).await, 0);
    let known = "personal_tokens where token_hash = sha256('{}'::bytea)".replace("{}", &token);
    assert_eq!(world.count(&known).await, 1);
    world.close().await;
}

#[tokio::test]
async fn exchange_gives_what_token_and_owner_both_may() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let member = world.member(&acme, "max@example.com", "manager").await;
    let manager = member.text("access_token");
    let body = wanted(&world, &["task:read", "project:create"]);
    let made = make(&world, acme.id, &manager, &body).await.expect(201);
    let claims = async || {
        let answer = exchange(&world, acme.id, &made.text("token"))
            .await
            .expect(200);
        assert_eq!(answer.body["expires_in"], 300);
        let access = answer.text("access_token");
        world
            .identity
            .keys
            .verifier()
            .verify(&access)
            .await
            .unwrap()
    };
    let first = claims().await;
    assert_eq!(first.via, Via::PersonalToken);
    assert_eq!(first.sid.to_string(), made.text("id"));
    let both: Vec<_> = first.permissions.iter().collect();
    assert_eq!(both, [Permission::ProjectCreate, Permission::TaskRead]);
    let used = list(&world, acme.id, &manager, "").await.expect(200);
    assert_ne!(used.body["items"][0]["last_used_at"], Value::Null);

    let path = format!("/api/v1/users/{}", first.sub);
    let change = world.patch(&path, &json!({"role": "viewer"})).at(acme.id);
    change.bearer(&acme.owner).send().await.expect(200);
    let left: Vec<_> = claims().await.permissions.iter().collect();
    assert_eq!(left, [Permission::TaskRead]);
    world.close().await;
}

#[tokio::test]
async fn exchange_refuses_what_is_not_good_here_and_now() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let body = wanted(&world, &["task:read"]);
    let token = async || {
        make(&world, acme.id, &acme.owner, &body)
            .await
            .expect(201)
            .text("token")
    };
    let (good, expiring) = (token().await, token().await);
    let refused = (401, "token_refused");
    assert_eq!(exchange(&world, zeta.id, &good).await.problem(), refused);
    assert_eq!(
        exchange(&world, acme.id, "tntp_forged").await.problem(),
        refused
    );
    assert_eq!(exchange(&world, acme.id, &acme.owner).await.status, 422);
    let call = world.post("/internal/v1/tokens/exchange", &json!({"token": good}));
    let other = call.at(acme.id).by(Service::ProjectSvc).send().await;
    assert_eq!(other.problem(), (403, "service_not_allowed"));
    exchange(&world, acme.id, &good).await.expect(200);
    // Its last access token ends with it.
    world
        .clock
        .advance(TimeDelta::days(30) - TimeDelta::seconds(60));
    let last = exchange(&world, acme.id, &expiring).await.expect(200);
    assert_eq!(last.body["expires_in"], 60);
    world.clock.advance(TimeDelta::seconds(60));
    assert_eq!(
        exchange(&world, acme.id, &expiring).await.problem(),
        refused
    );
    world.close().await;
}

#[tokio::test]
async fn revoked_token_is_told_and_refused() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let body = wanted(&world, &["task:read"]);
    let made = make(&world, acme.id, &acme.owner, &body).await.expect(201);
    let id = made.text("id");
    delete(&world, acme.id, &acme.owner, &id).await.expect(204);
    delete(&world, acme.id, &acme.owner, &id).await.expect(404);
    assert_eq!(
        exchange(&world, acme.id, &made.text("token")).await.status,
        401
    );
    assert_eq!(world.events().await.last().unwrap(), "session.revoked");
    let told = format!("outbox where type = 'session.revoked' and event::text like '%{id}%'");
    assert_eq!(world.count(&told).await, 1);
    let list = world
        .get("/internal/v1/sessions/revoked")
        .send()
        .await
        .expect(200);
    assert_eq!(list.body[0]["session_id"], id.as_str());
    let audit = "audit_events where action in ('token.created', 'token.revoked')";
    assert_eq!(world.count(audit).await, 2);
    world.close().await;
}

#[tokio::test]
async fn others_see_and_revoke_tokens_only_if_they_look_after_security() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let [manager, admin] = [("max@example.com", "manager"), ("eva@example.com", "admin")];
    let manager = world
        .member(&acme, manager.0, manager.1)
        .await
        .text("access_token");
    let admin = world
        .member(&acme, admin.0, admin.1)
        .await
        .text("access_token");
    let body = wanted(&world, &["task:read"]);
    let of_owner = make(&world, acme.id, &acme.owner, &body)
        .await
        .expect(201)
        .text("id");
    let own = make(&world, acme.id, &manager, &body)
        .await
        .expect(201)
        .text("id");

    let ids = |answer: &Answer| {
        let items = answer.body["items"].as_array().unwrap().iter();
        items
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let listed = list(&world, acme.id, &manager, "").await.expect(200);
    assert_eq!(ids(&listed), [own.as_str()]);
    let refused = list(&world, acme.id, &manager, "?all=true").await;
    assert_eq!(refused.problem(), (403, "permission_denied"));
    let listed = list(&world, acme.id, &admin, "?all=true").await.expect(200);
    assert_eq!(ids(&listed), [own.as_str(), of_owner.as_str()]);
    let listed = list(&world, zeta.id, &zeta.owner, "?all=true")
        .await
        .expect(200);
    assert!(ids(&listed).is_empty());

    delete(&world, acme.id, &manager, &of_owner)
        .await
        .expect(404);
    delete(&world, zeta.id, &zeta.owner, &own).await.expect(404);
    delete(&world, acme.id, &admin, &own).await.expect(204);
    delete(&world, acme.id, &admin, &of_owner).await.expect(204);
    world.close().await;
}

#[tokio::test]
async fn token_can_neither_make_tokens_nor_act_for_the_account() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let all: Vec<&str> = Permission::ALL.iter().map(|one| one.as_str()).collect();
    let body = wanted(&world, &all);
    let made = make(&world, acme.id, &acme.owner, &body).await.expect(201);
    let access = exchange(&world, acme.id, &made.text("token"))
        .await
        .expect(200);
    let access = access.text("access_token");
    let refused = (403, "session_required");
    assert_eq!(
        make(&world, acme.id, &access, &body).await.problem(),
        refused
    );
    assert_eq!(list(&world, acme.id, &access, "").await.problem(), refused);
    let id = made.text("id");
    assert_eq!(
        delete(&world, acme.id, &access, &id).await.problem(),
        refused
    );
    let logout = world.post("/api/v1/auth/logout", &json!({})).at(acme.id);
    assert_eq!(logout.bearer(&access).send().await.problem(), refused);
    let users = world.get("/api/v1/users").at(acme.id).bearer(&access);
    users.send().await.expect(200);
    world.close().await;
}

#[tokio::test]
async fn unfit_tokens_are_not_made() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let viewer = world
        .member(&acme, "vera@example.com", "viewer")
        .await
        .text("access_token");
    let good = wanted(&world, &["task:read"]);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let at = |days: i64| json!(world.clock.now() + TimeDelta::days(days));
    let mut lasting = good.clone();
    lasting.as_object_mut().unwrap().remove("expires_at");
    for body in [
        with("name", json!("")),
        with("name", json!("x".repeat(101))),
        with("scopes", json!([])),
        with("scopes", json!(["task:eat"])),
        with("expires_at", at(-1)),
        with("expires_at", at(367)),
        with("expires_at", Value::Null),
        with("token", json!("tntp_chosen")),
        lasting,
    ] {
        let answer = make(&world, acme.id, &viewer, &body).await;
        assert_eq!(answer.status, 422, "{body}");
    }
    let more = wanted(&world, &["task:read", "task:create"]);
    let answer = make(&world, acme.id, &viewer, &more).await;
    assert_eq!(answer.problem(), (403, "scope_not_held"));
    for _ in 0..50 {
        make(&world, acme.id, &viewer, &good).await.expect(201);
    }
    let answer = make(&world, acme.id, &viewer, &good).await;
    assert_eq!(answer.problem(), (409, "too_many_tokens"));
    world.close().await;
}
