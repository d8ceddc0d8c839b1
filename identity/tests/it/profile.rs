//! One's own profile and preferences, and the end of an account.

use serde_json::{Value, json};

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn profile_changes_part_by_part_or_as_a_whole() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let path = "/api/v1/auth/profile";
    let get = async || {
        let call = world.get(path).at(acme.id).bearer(&acme.owner);
        call.send().await.expect(200)
    };
    let first = get().await;
    assert_eq!(first.body["email_verified"], false);
    let patch = async |path: &str, body: Value| {
        let call = world.patch(path, &body).at(acme.id);
        call.bearer(&acme.owner).send().await
    };
    let all = json!({"name": "Ada King", "bio": "Countess", "timezone": "Europe/London", "locale": "en-GB"});
    let changed = patch(path, all).await.expect(200);
    assert_eq!(changed.body["version"], 2);
    assert_eq!(changed.headers["etag"], "\"2\"");
    let without = patch("/api/v1/auth/me", json!({"bio": null}))
        .await
        .expect(200);
    assert_eq!(without.body["bio"], Value::Null);
    assert_eq!(without.body["timezone"], "Europe/London");
    let call = world.put(path, &json!({"name": "Ada King"})).at(acme.id);
    let whole = call.bearer(&acme.owner).send().await.expect(200);
    assert_eq!(whole.body["timezone"], Value::Null);
    assert_eq!(get().await.body, whole.body);

    let call = world.patch(path, &json!({"bio": "x"})).at(acme.id);
    let stale = call.header("if-match", "\"1\"").bearer(&acme.owner).send();
    assert_eq!(stale.await.problem(), (412, "stale_version"));
    for wrong in [
        json!({"timezone": "Mars/Olympus"}),
        json!({"locale": "not a language"}),
        json!({"name": " "}),
        json!({"bio": "b".repeat(2001)}),
        json!({"email": "eve@example.com"}),
        json!({"email_verified": true}),
    ] {
        let refused = patch(path, wrong.clone()).await;
        assert_eq!(refused.status, 422, "{wrong}: {refused:?}");
    }
    world.close().await;
}

#[tokio::test]
async fn a_new_name_is_told_wherever_the_person_works() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let zeta = world.organization("zeta").await;
    let invited = world.invite(&zeta, "acme@example.com", "member").await;
    let body = json!({"token": invited, "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body).at(zeta.id);
    call.send().await.expect(200);
    let rename = async |name: &str| {
        let call = world
            .patch("/api/v1/auth/me", &json!({"name": name}))
            .at(acme.id);
        call.bearer(&acme.owner).send().await.expect(200);
    };
    rename("Ada King").await;
    let told = "outbox where type = 'user.updated' and event->'data'->>'name' = 'Ada King'";
    assert_eq!(world.count(told).await, 2);
    rename("Ada King").await;
    assert_eq!(world.count(told).await, 2, "no change, no event");
    world.close().await;
}

#[tokio::test]
async fn preferences_are_any_small_object() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let path = "/api/v1/auth/preferences";
    let put = async |body: Value| {
        let call = world.put(path, &body).at(acme.id).bearer(&acme.owner);
        call.send().await
    };
    let wanted = json!({"theme": "dark", "board": {"columns": [1, 2]}});
    put(wanted.clone()).await.expect(200);
    let call = world.get(path).at(acme.id).bearer(&acme.owner);
    assert_eq!(call.send().await.expect(200).body, wanted);
    for wrong in [json!([1]), json!("x"), json!({"x": "y".repeat(16 * 1024)})] {
        put(wrong).await.expect(422);
    }
    world.close().await;
}

#[tokio::test]
async fn an_account_ends_unless_it_is_the_only_owner() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let grace = world.member(&acme, "grace@example.com", "member").await;
    let end = async |bearer: &str, password: &str| {
        let body = json!({"password": password});
        let call = world.post("/api/v1/auth/deactivate", &body).at(acme.id);
        call.bearer(bearer).send().await
    };
    let refused = end(&acme.owner, PASSWORD).await;
    assert_eq!(refused.problem(), (409, "last_owner"));
    assert!(refused.text("detail").contains("The acme company"));
    let bearer = grace.text("access_token");
    let wrong = end(&bearer, "wrong horse battery").await;
    assert_eq!(wrong.problem(), (403, "wrong_password"));
    end(&bearer, PASSWORD).await.expect(204);

    let login = world.login(acme.id, "grace@example.com", PASSWORD).await;
    assert_eq!(login.problem(), (401, "invalid_credentials"));
    let refresh = world.refresh(acme.id, &grace.text("refresh_token")).await;
    assert_eq!(refresh.problem(), (401, "invalid_refresh_token"));
    assert_eq!(world.count("memberships where active").await, 1);
    let told = "outbox where type in ('session.revoked', 'member.left')";
    assert_eq!(world.count(told).await, 2);
    let subjects = world.subjects("grace@example.com").await;
    assert_eq!(subjects.last().unwrap(), "Your account is deactivated");
    world.close().await;
}
