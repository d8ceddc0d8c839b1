//! An organization's name and rules.

use axum::http::Method;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::world::{Organization, World};

const PATH: &str = "/api/v1/organization";

async fn change(world: &World, at: &Organization, token: &str, body: &Value) -> Answer {
    world.patch(PATH, body).at(at.id).bearer(token).send().await
}

#[tokio::test]
async fn name_and_rules_are_shown_and_changed() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let shown = world.get(PATH).at(acme.id).bearer(&acme.owner);
    let shown = shown.send().await.expect(200);
    assert_eq!(shown.headers["etag"], "\"1\"");
    assert_eq!(shown.body["password_sign_in"], true);

    let body = json!({
        "name": "Acme Ltd.", "allowed_email_domains": ["acme.example"], "require_second_factor": true,
        "switch_without_password": false, "audit_retention_days": 90,
    });
    let changed = change(&world, &acme, &acme.owner, &body).await.expect(200);
    assert_eq!(changed.headers["etag"], "\"2\"");
    let again = world.get(PATH).at(acme.id).bearer(&acme.owner);
    let again = again.send().await.expect(200).body;
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(again[field], *value, "{field}");
    }
    let written =
        "audit_events where action = 'organization.updated' and detail->'changed' ? 'name'";
    assert_eq!(world.count(written).await, 1);
    // What is as it was is no change.
    let same = change(&world, &acme, &acme.owner, &json!({"name": "Acme Ltd."})).await;
    assert_eq!(same.expect(200).headers["etag"], "\"2\"");
    world.close().await;
}

#[tokio::test]
async fn admin_changes_rules_but_no_name_and_member_neither() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let admin = world
        .member(&acme, "grace@example.com", "admin")
        .await
        .text("access_token");
    let member = world
        .member(&acme, "alan@example.com", "member")
        .await
        .text("access_token");
    let (name, rule) = (json!({"name": "Mine"}), json!({"audit_retention_days": 30}));
    change(&world, &acme, &admin, &rule).await.expect(200);
    let refused = (403, "permission_denied");
    assert_eq!(
        change(&world, &acme, &admin, &name).await.problem(),
        refused
    );
    let both = json!({"name": "Mine", "audit_retention_days": 60});
    assert_eq!(
        change(&world, &acme, &admin, &both).await.problem(),
        refused
    );
    assert_eq!(
        change(&world, &acme, &member, &rule).await.problem(),
        refused
    );
    let shown = world
        .get(PATH)
        .at(acme.id)
        .bearer(&member)
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&shown.body["name"], &shown.body["audit_retention_days"]),
        (&json!("The acme company"), &json!(30))
    );
    world.close().await;
}

#[tokio::test]
async fn bad_values_are_refused_each_by_name() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    for (body, pointer) in [
        (json!({"name": " "}), "/name"),
        (json!({"name": "a\nb"}), "/name"),
        (
            json!({"allowed_email_domains": ["Acme.example"]}),
            "/allowed_email_domains",
        ),
        (
            json!({"allowed_email_domains": ["localhost"]}),
            "/allowed_email_domains",
        ),
        (json!({"audit_retention_days": 29}), "/audit_retention_days"),
        (json!({"subdomain": "other"}), "/subdomain"),
        (json!({"version": 7}), "/version"),
    ] {
        let refused = change(&world, &acme, &acme.owner, &body).await.expect(422);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{body}");
    }
    world.close().await;
}

#[tokio::test]
async fn of_two_who_change_one_version_one_is_told() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let attempts = (31..36).map(|days| {
        let body = json!({"audit_retention_days": days});
        let call = world.patch(PATH, &body).header("if-match", "\"1\"");
        call.at(acme.id).bearer(&acme.owner).send()
    });
    let answers = join_all(attempts).await;
    let mut statuses: Vec<_> = answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412]);
    world.close().await;
}

#[tokio::test]
async fn password_is_turned_off_only_by_who_came_without() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let off = json!({"password_sign_in": false});
    let refused = change(&world, &acme, &acme.owner, &off).await;
    assert_eq!(refused.problem(), (409, "would_lock_out"));
    world.alter("update sessions set method = 'passkey'").await;
    let changed = change(&world, &acme, &acme.owner, &off).await.expect(200);
    assert_eq!(changed.body["password_sign_in"], false);
    let put = world
        .call(Method::PUT, PATH)
        .at(acme.id)
        .bearer(&acme.owner);
    put.send().await.expect(405);
    world.close().await;
}
