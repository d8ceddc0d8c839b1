//! Signing keys: their rotation, over several instances, and their end.

use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use httpkit::Service;
use identity::Identity;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

/// Id of the key that a token was signed with.
fn kid(token: &str) -> String {
    let header = token.split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

async fn rotate(world: &World, body: &Value) -> Answer {
    let call = world.post("/internal/v1/keys/rotate", body);
    call.by(Service::Migrator).send().await
}

async fn served(world: &World) -> Vec<String> {
    let keys = world.get("/.well-known/jwks.json").send().await.expect(200);
    let keys = keys.body["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

async fn token(world: &World, of: &Organization) -> String {
    let answer = world.login(of.id, "acme@example.com", PASSWORD).await;
    answer.expect(200).text("access_token")
}

async fn look(world: &World, identity: &Identity) {
    let now = world.clock.now();
    identity.keys.reload(&identity.db, now).await.unwrap();
}

#[tokio::test]
async fn new_key_is_served_before_it_signs_and_the_old_one_after() {
    let world = World::new().await;
    let other = identity::assemble(&world.config, &world.app).await.unwrap();
    let acme = world.organization("acme").await;
    let old = kid(&acme.owner);
    let rotation = rotate(&world, &json!({})).await.expect(200);
    let new = rotation.text("kid");
    assert_eq!(rotation.body["retires"], json!([old]));
    let waited = rotation
        .text("signs_from")
        .parse::<chrono::DateTime<chrono::Utc>>();
    assert_eq!(waited.unwrap() - world.clock.now(), TimeDelta::minutes(10));
    assert_eq!(served(&world).await, [new.clone(), old.clone()]);
    assert_eq!(kid(&token(&world, &acme).await), old);
    let again = rotate(&world, &json!({})).await;
    assert_eq!(again.problem(), (409, "rotation_under_way"));

    world.clock.advance(TimeDelta::minutes(10));
    assert_eq!(kid(&token(&world, &acme).await), new);
    // What the old key signed is good here, and at an instance that has looked since.
    look(&world, &other).await;
    for identity in [&*world.identity, &other] {
        assert!(identity.keys.verifier().verify(&acme.owner).await.is_ok());
    }

    world
        .clock
        .advance(TimeDelta::days(1) + TimeDelta::seconds(1));
    look(&world, &world.identity).await;
    assert_eq!(served(&world).await, [new]);
    let verifier = world.identity.keys.verifier();
    assert!(verifier.verify(&acme.owner).await.is_err(), "a retired key");
    world.close().await;
}

#[tokio::test]
async fn withdrawn_key_is_refused_at_once_and_another_signs() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let leaked = kid(&acme.owner);
    let path = format!("/internal/v1/keys/{leaked}");
    let call = world.call(Method::DELETE, &path).by(Service::Migrator);
    call.send().await.expect(204);
    assert!(!served(&world).await.contains(&leaked));
    let me = world.get("/api/v1/auth/me").at(acme.id);
    let me = me.bearer(&acme.owner).send().await;
    assert_eq!(me.problem(), (401, "token_refused"));
    let fresh = token(&world, &acme).await;
    assert_ne!(kid(&fresh), leaked);
    let me = world.get("/api/v1/auth/me").at(acme.id).bearer(&fresh);
    me.send().await.expect(200);
    let again = world.call(Method::DELETE, &path).by(Service::Migrator);
    assert_eq!(again.send().await.problem(), (404, "key_unknown"));
    world.close().await;
}

#[tokio::test]
async fn schedule_makes_one_key_for_all_instances() {
    let world = World::new().await;
    let other = identity::assemble(&world.config, &world.app).await.unwrap();
    let month = TimeDelta::days(30);
    let due = async |identity: &Identity| {
        let made = identity.keys.rotate_if_due(identity, month).await;
        made.unwrap().is_some()
    };
    world.clock.advance(month - TimeDelta::seconds(1));
    assert!(!due(&world.identity).await);
    world.clock.advance(TimeDelta::seconds(1));
    let (one, two) = tokio::join!(due(&world.identity), due(&other));
    assert!(one ^ two, "{one} {two}");
    assert_eq!(world.count("signing_keys").await, 2);
    assert!(!due(&world.identity).await && !due(&other).await);
    other.db.close().await.unwrap();
    world.close().await;
}

#[tokio::test]
async fn keys_are_the_operator_s_alone_and_nothing_secret_is_shown() {
    let world = World::new().await;
    for service in [Service::Gateway, Service::ProjectSvc] {
        let calls = [
            world.get("/internal/v1/keys"),
            world.post("/internal/v1/keys/rotate", &json!({})),
            world.call(Method::DELETE, "/internal/v1/keys/any"),
        ];
        for call in calls {
            let answer = call.by(service).send().await;
            assert_eq!(answer.problem(), (403, "service_not_allowed"));
        }
    }
    let list = world.get("/internal/v1/keys").by(Service::Migrator);
    let list = list.send().await.expect(200);
    let key = list.body[0].as_object().unwrap();
    let names: Vec<_> = key.keys().map(String::as_str).collect();
    let expected = ["created_at", "kid", "retired_at", "signs_from", "state"];
    assert_eq!(names, expected);
    assert_eq!(key["state"], "signing");
    world.close().await;
}
