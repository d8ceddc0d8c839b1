//! Members and their roles.

use futures::future::join_all;
use kernel::Role;
use serde_json::json;

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn members_are_listed_page_by_page_and_only_here() {
    let world = World::new().await;
    let (acme, _zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    for name in ["b", "c"] {
        world
            .member(&acme, &format!("{name}@example.com"), "member")
            .await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/users?limit=2".to_owned();
    loop {
        let page = world
            .get(&path)
            .at(acme.id)
            .bearer(&acme.owner)
            .send()
            .await
            .expect(200)
            .body;
        let items = page["items"].as_array().unwrap();
        seen.extend(
            items
                .iter()
                .map(|item| item["email"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/users?limit=2&cursor={cursor}");
    }
    seen.sort();
    assert_eq!(seen, ["acme@example.com", "b@example.com", "c@example.com"]);
    world.close().await;
}

#[tokio::test]
async fn stranger_is_not_found() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let path = format!("/api/v1/users/{}", zeta.owner_id);
    world
        .get(&path)
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(404);
    let patch = world.patch(&path, &json!({"role": "viewer"})).at(acme.id);
    patch.bearer(&acme.owner).send().await.expect(404);
    let internal = |tenant| format!("/internal/v1/members/{tenant}/{}", zeta.owner_id);
    world.get(&internal(acme.id)).send().await.expect(404);
    let known = world.get(&internal(zeta.id)).send().await.expect(200);
    assert_eq!(known.body["role"], "owner");
    world.close().await;
}

#[tokio::test]
async fn new_role_is_told_and_in_the_next_token() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let session = world.member(&acme, "grace@example.com", "viewer").await;
    let id = user_id(&world, &acme.id, &session.text("access_token")).await;
    let patch = world.patch(&format!("/api/v1/users/{id}"), &json!({"role": "admin"}));
    patch
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(200);
    assert_eq!(
        world.events().await.last().unwrap(),
        "user.permission_changed"
    );
    // What a gateway asks that was not there to hear it.
    let changed = world.get("/internal/v1/members/changed").send().await;
    let changed = changed.expect(200).body;
    let found = changed
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["user_id"] == *id);
    let found = found.unwrap();
    assert_eq!(
        (&found["permissions"], &found["tenant_id"]),
        (&json!(Role::Admin.permissions()), &json!(acme.id))
    );

    let next = world
        .refresh(acme.id, &session.text("refresh_token"))
        .await
        .expect(200);
    let body = json!({"email": "x@example.com", "role": "admin"});
    let invite = |token: String| {
        let call = world
            .post("/api/v1/invitations", &body)
            .at(acme.id)
            .bearer(&token);
        call.send()
    };
    invite(session.text("access_token")).await.expect(403);
    invite(next.text("access_token")).await.expect(201);
    world.close().await;
}

#[tokio::test]
async fn demoted_admin_changes_nothing_with_an_old_token() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let session = world.member(&acme, "grace@example.com", "admin").await;
    let token = session.text("access_token");
    let id = user_id(&world, &acme.id, &token).await;
    let path = format!("/api/v1/users/{id}");
    let demote = world.patch(&path, &json!({"role": "viewer"})).at(acme.id);
    demote.bearer(&acme.owner).send().await.expect(200);
    let promote = world.patch(&path, &json!({"role": "admin"})).at(acme.id);
    assert_eq!(
        promote.bearer(&token).send().await.problem(),
        (403, "role_not_grantable")
    );
    world.close().await;
}

#[tokio::test]
async fn owners_who_step_down_together_leave_one() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let second = world
        .member(&acme, "grace@example.com", "owner")
        .await
        .text("access_token");
    let second_id = user_id(&world, &acme.id, &second).await;
    let step_down = |id: &str, token: &str| {
        let call = world.patch(&format!("/api/v1/users/{id}"), &json!({"role": "member"}));
        call.at(acme.id).bearer(token).send()
    };
    let answers = join_all([
        step_down(&acme.owner_id, &acme.owner),
        step_down(&second_id, &second),
    ])
    .await;
    let mut statuses: Vec<_> = answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{answers:?}");
    assert_eq!(world.count("memberships where role = 'owner'").await, 1);
    world
        .login(acme.id, "grace@example.com", PASSWORD)
        .await
        .expect(200);
    world.close().await;
}

async fn user_id(world: &World, tenant: &kernel::TenantId, token: &str) -> String {
    let me = world
        .get("/api/v1/auth/me")
        .at(*tenant)
        .bearer(token)
        .send()
        .await
        .expect(200);
    me.body["user"]["id"].as_str().unwrap().to_owned()
}
