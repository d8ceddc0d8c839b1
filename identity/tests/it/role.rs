//! Roles of an organization's own.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

const PATH: &str = "/api/v1/roles";

async fn make(world: &World, at: &Organization, token: &str, name: &str, may: &[&str]) -> Answer {
    let body = json!({"name": name, "permissions": may});
    world.post(PATH, &body).at(at.id).bearer(token).send().await
}

/// Makes a role as the owner; answers its path.
async fn role(world: &World, at: &Organization, name: &str, may: &[&str]) -> (String, String) {
    let id = make(world, at, &at.owner, name, may)
        .await
        .expect(201)
        .text("id");
    (format!("{PATH}/{id}"), id)
}

async fn give(world: &World, at: &Organization, token: &str, user: &str, role: &Value) -> Answer {
    let call = world.patch(&format!("/api/v1/users/{user}"), role);
    call.at(at.id).bearer(token).send().await
}

async fn permissions(world: &World, at: &Organization, token: &str) -> Value {
    let me = world.get("/api/v1/auth/me").at(at.id).bearer(token);
    me.send().await.expect(200).body["permissions"].clone()
}

#[tokio::test]
async fn own_roles_stand_beside_the_five() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let (path, id) = role(&world, &acme, "Contractor", &["task:read", "task:update"]).await;
    let grace = world.member(&acme, "grace@example.com", "viewer").await;
    let grace = world.user_id(acme.id, &grace.text("access_token")).await;
    give(&world, &acme, &acme.owner, &grace, &json!({"role_id": id}))
        .await
        .expect(200);

    let list = world
        .get(PATH)
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(200)
        .body;
    let shown: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| {
            (
                role["name"].as_str().unwrap(),
                role["built_in"].as_bool().unwrap(),
                role["members"].as_i64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("owner", true, 1),
        ("admin", true, 0),
        ("manager", true, 0),
        ("member", true, 0),
        ("viewer", true, 0),
        ("Contractor", false, 1),
    ];
    assert_eq!(shown, expected);
    let one = world
        .get(&path)
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&one.headers["etag"], &one.body["members"]),
        (&"\"1\"".parse().unwrap(), &json!(1))
    );
    // Another organization's role is not there, and cannot be given.
    world
        .get(&path)
        .at(zeta.id)
        .bearer(&zeta.owner)
        .send()
        .await
        .expect(404);
    world
        .delete(&path)
        .at(zeta.id)
        .bearer(&zeta.owner)
        .send()
        .await
        .expect(404);
    let foreign = give(
        &world,
        &zeta,
        &zeta.owner,
        &zeta.owner_id,
        &json!({"role_id": id}),
    )
    .await;
    assert_eq!(
        foreign.expect(422).body["errors"][0]["code"],
        "unknown_reference"
    );
    world.close().await;
}

#[tokio::test]
async fn changed_role_is_told_of_everybody_who_has_it() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let (path, id) = role(&world, &acme, "Contractor", &["task:read"]).await;
    let mut people = Vec::new();
    for name in ["grace", "alan"] {
        let session = world
            .member(&acme, &format!("{name}@example.com"), "viewer")
            .await;
        let user = world.user_id(acme.id, &session.text("access_token")).await;
        let given = give(&world, &acme, &acme.owner, &user, &json!({"role_id": id}))
            .await
            .expect(200);
        assert_eq!(given.body["custom_role"]["name"], "Contractor");
        people.push((user, session));
    }
    let told = "outbox where type = 'user.permission_changed'";
    assert_eq!(world.count(told).await, 2);
    let body = json!({"permissions": ["task:read", "member:invite"]});
    let stale = world
        .patch(&path, &body)
        .header("if-match", "\"7\"")
        .at(acme.id);
    stale.bearer(&acme.owner).send().await.expect(412);
    let changed = world
        .patch(&path, &body)
        .header("if-match", "\"1\"")
        .at(acme.id);
    changed.bearer(&acme.owner).send().await.expect(200);
    assert_eq!(world.count(told).await, 4);
    let with = r#"outbox where event->'data'->'permissions' ? 'member:invite' and event->'data'->>'role' = 'viewer'"#;
    assert_eq!(world.count(with).await, 2);
    // What a gateway asks that was not there to hear it.
    let news = world
        .get("/internal/v1/members/changed")
        .send()
        .await
        .expect(200)
        .body;
    for (user, session) in &people {
        let row = news
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["user_id"] == **user)
            .unwrap();
        assert_eq!(row["permissions"], json!(["member:invite", "task:read"]));
        let next = world
            .refresh(acme.id, &session.text("refresh_token"))
            .await
            .expect(200);
        let now = permissions(&world, &acme, &next.text("access_token")).await;
        assert_eq!(now, json!(["member:invite", "task:read"]));
    }
    // Another name is nobody's news.
    let renamed = world
        .patch(&path, &json!({"name": "Freelancer"}))
        .at(acme.id);
    renamed.bearer(&acme.owner).send().await.expect(200);
    assert_eq!(world.count(told).await, 4);
    world.close().await;
}

#[tokio::test]
async fn nobody_grants_more_than_he_has() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let admin = world
        .member(&acme, "grace@example.com", "admin")
        .await
        .text("access_token");
    let admin_id = world.user_id(acme.id, &admin).await;
    let (strong, strong_id) = role(&world, &acme, "Deputy", &["organization:manage"]).await;
    let reach = (403, "role_not_grantable");
    let made = make(&world, &acme, &admin, "Mine", &["organization:manage"]).await;
    assert_eq!(made.problem(), reach);
    let weaken = world
        .patch(&strong, &json!({"permissions": ["task:read"]}))
        .at(acme.id);
    assert_eq!(weaken.bearer(&admin).send().await.problem(), reach);
    let delete = world.delete(&strong).at(acme.id).bearer(&admin);
    assert_eq!(delete.send().await.problem(), reach);
    let own = give(
        &world,
        &acme,
        &admin,
        &admin_id,
        &json!({"role_id": strong_id}),
    )
    .await;
    assert_eq!(own.problem(), reach);
    let body = json!({"email": "x@example.com", "role_id": strong_id});
    let invite = world
        .post("/api/v1/invitations", &body)
        .at(acme.id)
        .bearer(&admin);
    assert_eq!(invite.send().await.problem(), reach);
    // A weaker one is the admin's to make, and to widen only as far.
    let weak = make(&world, &acme, &admin, "Reader", &["task:read"])
        .await
        .expect(201)
        .text("id");
    let widen = world.patch(
        &format!("{PATH}/{weak}"),
        &json!({"permissions": ["organization:manage"]}),
    );
    assert_eq!(
        widen.at(acme.id).bearer(&admin).send().await.problem(),
        reach
    );

    // Who manages members by a role of the organization's own reaches no further than that.
    let may = [
        "member:read",
        "member:manage",
        "role:manage",
        "project:read",
        "task:read",
    ];
    let (_, hr) = role(&world, &acme, "People", &may).await;
    let session = world.member(&acme, "alan@example.com", "viewer").await;
    let alan_id = world.user_id(acme.id, &session.text("access_token")).await;
    give(
        &world,
        &acme,
        &acme.owner,
        &alan_id,
        &json!({"role_id": hr}),
    )
    .await
    .expect(200);
    let alan = world
        .login(acme.id, "alan@example.com", PASSWORD)
        .await
        .expect(200)
        .text("access_token");
    let viewer = world
        .member(&acme, "edith@example.com", "viewer")
        .await
        .text("access_token");
    let viewer = world.user_id(acme.id, &viewer).await;
    give(&world, &acme, &alan, &viewer, &json!({"role_id": hr}))
        .await
        .expect(200);
    for role in ["member", "admin", "owner"] {
        let more = give(&world, &acme, &alan, &alan_id, &json!({"role": role})).await;
        assert_eq!(more.problem(), reach, "{role}");
    }
    let above = give(&world, &acme, &alan, &admin_id, &json!({"role": "viewer"})).await;
    assert_eq!(above.problem(), reach);
    world.close().await;
}

#[tokio::test]
async fn role_in_use_stays() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let (path, id) = role(&world, &acme, "Contractor", &["task:read"]).await;
    let remove = || world.delete(&path).at(acme.id).bearer(&acme.owner).send();
    let body = json!({"email": "grace@example.com", "role_id": id});
    let invite = world
        .post("/api/v1/invitations", &body)
        .at(acme.id)
        .bearer(&acme.owner);
    let invited = invite.send().await.expect(201);
    assert_eq!(remove().await.problem(), (409, "role_in_use"));
    let token = world.token_of_newest_mail("grace@example.com").await;
    let body = json!({"token": token, "name": "Grace", "password": PASSWORD});
    let accept = world
        .post("/api/v1/invitations/accept", &body)
        .at(acme.id)
        .send()
        .await
        .expect(200);
    assert_eq!(
        permissions(&world, &acme, &accept.text("access_token")).await,
        json!(["task:read"])
    );
    assert_eq!(invited.body["role_id"], *id);
    assert_eq!(remove().await.problem(), (409, "role_in_use"));
    let grace = world.user_id(acme.id, &accept.text("access_token")).await;
    world
        .delete(&format!("/api/v1/users/{grace}"))
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(204);
    remove().await.expect(204);
    remove().await.expect(404);
    world.close().await;
}

#[tokio::test]
async fn names_are_taken_once_and_permissions_are_known_ones() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    role(&world, &acme, "Contractor", &["task:read"]).await;
    for name in ["contractor", "CONTRACTOR", "Owner", "viewer"] {
        let twin = make(&world, &acme, &acme.owner, name, &["task:read"]).await;
        assert_eq!(twin.problem(), (409, "already_exists"), "{name}");
    }
    let refused = make(
        &world,
        &acme,
        &acme.owner,
        "Moon",
        &["task:read", "moon:land"],
    )
    .await;
    assert_eq!(
        refused.expect(422).body["errors"][0]["pointer"],
        "/permissions/1"
    );
    make(&world, &acme, &acme.owner, "Empty", &[])
        .await
        .expect(422);
    let manager = world
        .member(&acme, "grace@example.com", "manager")
        .await
        .text("access_token");
    let refused = make(&world, &acme, &manager, "Mine", &["task:read"]).await;
    assert_eq!(refused.problem(), (403, "permission_denied"));
    let both = give(&world, &acme, &acme.owner, &acme.owner_id, &json!({})).await;
    assert_eq!(both.expect(422).body["errors"][0]["pointer"], "/role");
    world.close().await;
}
