//! What an organization demands of its links.

use chrono::TimeDelta;
use http::StatusCode;
use kernel::Role;
use serde_json::{Value, json};

use crate::world::{Person, World, browse, path, submit, task};

const POLICY: &str = "/api/v1/links/policy";

async fn demand(world: &World, rules: &Value) -> Value {
    let owner = world.person(Role::Owner);
    let changed = world.ask(&owner, "PATCH", POLICY, Some(rules)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    changed.json()
}

/// Status and the field that is refused, if one is.
async fn make(world: &World, owner: &Person, fields: &Value) -> (u16, Value) {
    let mut body = json!({ "resource": { "kind": "task", "id": task() } });
    let more = fields.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    let answer = world.ask(owner, "POST", "/api/v1/links", Some(&body)).await;
    let field = answer.json()["errors"][0]["pointer"].clone();
    (answer.status.as_u16(), field)
}

#[tokio::test]
async fn links_that_are_made_keep_the_rules() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let rules = world.ask(&ada, "GET", POLICY, None).await.json();
    let none = json!({"enabled": true, "require_password": false, "max_days": null, "version": 0});
    assert_eq!(rules, none);
    let rules = demand(&world, &json!({"require_password": true, "max_days": 30})).await;
    assert_eq!(rules["version"], 1);

    let ends = |days| world.later(TimeDelta::days(days));
    for (fields, refused) in [
        (
            json!({"password": "correct horse", "expires_at": ends(30)}),
            None,
        ),
        (json!({"expires_at": ends(30)}), Some("/password")),
        (json!({"password": "correct horse"}), Some("/expires_at")),
        (
            json!({"password": "correct horse", "expires_at": ends(31)}),
            Some("/expires_at"),
        ),
        (
            json!({"resource": {"kind": "url", "url": "/projects"}, "expires_at": ends(1)}),
            None,
        ),
    ] {
        let status = if refused.is_some() { 422 } else { 201 };
        assert_eq!(
            make(&world, &ada, &fields).await,
            (status, json!(refused)),
            "{fields}"
        );
    }
    let elsewhere = world.person_of(world.other_tenant, Role::Member);
    assert_eq!(
        make(&world, &elsewhere, &json!({})).await.0,
        201,
        "another organization's rules are its own"
    );
    let told = world.events().await;
    assert_eq!(
        told.iter()
            .filter(|kind| *kind == "link.policy_changed")
            .count(),
        1
    );
    world.end().await;
}

#[tokio::test]
async fn links_from_before_keep_what_they_have_and_lose_nothing_more() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let free = world.link(&ada, &json!({})).await;
    let guarded = world
        .link(&ada, &json!({"password": "correct horse"}))
        .await;
    demand(&world, &json!({"require_password": true, "max_days": 7})).await;
    world
        .change(&ada, &free, &json!({"label": "For the supplier"}))
        .await;
    world
        .change(&ada, &free, &json!({"password": "correct horse"}))
        .await;
    for (link, fields) in [
        (&free, json!({"password": null})),
        (&guarded, json!({"password": null})),
        (
            &guarded,
            json!({"expires_at": world.later(TimeDelta::days(8))}),
        ),
    ] {
        let own = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
        let refused = world.ask(&ada, "PATCH", &own, Some(&fields)).await;
        assert_eq!(refused.status, 422, "{fields}");
    }
    demand(
        &world,
        &json!({"require_password": false, "max_days": null}),
    )
    .await;
    world
        .change(&ada, &guarded, &json!({"password": null}))
        .await;
    world.end().await;
}

#[tokio::test]
async fn where_links_are_off_guests_find_none_at_once() {
    let world = World::new().await;
    world.remembers().await;
    let ada = world.person(Role::Member);
    let open = path(&world.link(&ada, &json!({})).await);
    let locked = path(
        &world
            .link(&ada, &json!({"password": "correct horse"}))
            .await,
    );
    let inside = world
        .send(world.tenant, submit(&locked, "correct+horse"))
        .await
        .cookie();
    let look = async |page: &str, cookie: Option<&str>| {
        world
            .send(world.tenant, browse(page, cookie))
            .await
            .status
            .as_u16()
    };
    assert_eq!(look(&open, None).await, 200);
    assert_eq!(look(&locked, inside.as_deref()).await, 200);

    demand(&world, &json!({"enabled": false})).await;
    assert_eq!(look(&open, None).await, 404);
    assert_eq!(
        look(&locked, inside.as_deref()).await,
        404,
        "not even who is in"
    );
    let guess = world
        .send(world.tenant, submit(&locked, "correct+horse"))
        .await;
    assert_eq!(guess.status, StatusCode::NOT_FOUND);
    assert_eq!(make(&world, &ada, &json!({})).await.0, 403);

    demand(&world, &json!({"enabled": true})).await;
    assert_eq!(look(&open, None).await, 200);
    assert_eq!(look(&locked, inside.as_deref()).await, 200);
    world.end().await;
}

#[tokio::test]
async fn rules_are_changed_by_who_manages_security_and_by_one_at_a_time() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let change = |fields: Value| {
        let (world, owner) = (&world, &owner);
        async move {
            world
                .ask(owner, "PATCH", POLICY, Some(&fields))
                .await
                .outcome()
        }
    };
    let off = json!({"enabled": false});
    for role in [Role::Viewer, Role::Member, Role::Manager] {
        let person = world.person(role);
        let refused = world.ask(&person, "PATCH", POLICY, Some(&off)).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{role}");
    }
    for wrong in [
        json!({"max_days": 0}),
        json!({"max_days": 1826}),
        json!({"require_password": 1}),
        json!({"x": 1}),
    ] {
        let (status, _) = change(wrong.clone()).await;
        assert!(matches!(status, 400 | 422), "{wrong}: {status}");
    }
    let (one, other) = tokio::join!(
        change(json!({"max_days": 7})),
        change(json!({"max_days": 8}))
    );
    let statuses = [one.0, other.0];
    assert!(statuses.contains(&200), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| [200, 409].contains(status)),
        "{statuses:?}"
    );
    let erased = world.erase(httpkit::Service::Migrator, world.tenant).await;
    assert_eq!(erased.status, 200);
    let rules = world.ask(&owner, "GET", POLICY, None).await.json();
    assert_eq!(rules["version"], 0, "gone with the organization");
    world.end().await;
}
