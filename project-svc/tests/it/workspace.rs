//! Workspaces and who is in them.

use events::Envelope;
use events::topic::user::MemberLeft;
use kernel::{Role, UserId};
use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde_json::{Value, json};

use crate::client::{Person, ids, read, text};
use crate::world::World;

fn known(world: &World, role: Role) -> Person {
    let person = world.person(role);
    world.neighbours.know(person.id, role);
    person
}

async fn workspace(by: &Person, body: Value) -> String {
    let made = by.post("/workspaces", body).await.expect(201);
    format!("/workspaces/{}", text(&made, "id"))
}

async fn add(by: &Person, workspace: &str, user: UserId, role: &str) -> u16 {
    let body = json!({"user_id": user, "role": role});
    let answer = by.post(&format!("{workspace}/members"), body).await;
    answer.status.as_u16()
}

async fn names(by: &Person, path: &str) -> Vec<String> {
    let page = by.get(path).await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| text(item, "name")).collect()
}

#[tokio::test]
async fn workspaces_are_made_changed_listed_and_deleted() {
    let world = World::new().await;
    let admin = world.person(Role::Admin);
    let path = workspace(&admin, json!({"name": "Customers"})).await;
    let made = admin.get(&path).await;
    assert_eq!(made.header("etag"), "\"1\"");
    let made = made.expect(200);
    assert_eq!(
        (&made["public"], &made["active"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(made["owner_id"], json!(admin.id));
    assert_eq!(made["default"], false);
    for name in ["Zebra", "Ape"] {
        workspace(&admin, json!({"name": name})).await;
    }
    let body = json!({"description": "Ours", "settings": {"a": 1}, "active": false, "version": 1});
    let changed = admin.patch(&path, body.clone()).await.expect(200);
    assert_eq!(
        (&changed["version"], &changed["active"]),
        (&json!(2), &json!(false))
    );
    let stale = admin.put(&path, body).await;
    let _ = stale.expect_problem(409, "stale_version");
    let first = admin.get("/workspaces?limit=2").await.expect(200);
    assert_eq!(first["items"][0]["name"], "Ape");
    assert_eq!(first["items"][1]["role"], "owner");
    let next = format!("/workspaces?limit=2&cursor={}", text(&first, "next_cursor"));
    assert_eq!(names(&admin, &next).await, ["General", "Zebra"]);
    let active = names(&admin, "/workspaces?active=true").await;
    assert_eq!(active, ["Ape", "General", "Zebra"]);
    let stale = admin
        .request(Method::DELETE, &path)
        .header(IF_MATCH, "\"1\"");
    read(stale).await.expect(412);
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.expect(404);
    assert_eq!(
        world.events().await,
        [
            "workspace.created",
            "workspace.created",
            "workspace.created",
            "workspace.updated",
            "workspace.deleted"
        ]
    );
    world.end().await;
}

#[tokio::test]
async fn bad_workspaces_are_refused_field_by_field() {
    let world = World::new().await;
    let admin = world.person(Role::Admin);
    let body = json!({"name": " ", "description": "x".repeat(2_001), "id": admin.id, "version": 7});
    let refused = admin.post("/workspaces", body).await;
    refused.expect_refused(&["/id", "/version", "/description", "/name"]);
    let large = json!({"name": "Large", "settings": {"text": "x".repeat(17_000)}});
    let refused = admin.post("/workspaces", large).await;
    refused.expect_refused(&["/settings"]);
    world.end().await;
}

#[tokio::test]
async fn default_workspace_stays_open_and_there() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let list = owner.get("/workspaces").await.expect(200);
    let path = format!("/workspaces/{}", ids(&list["items"])[0]);
    for body in [json!({"public": false}), json!({"active": false})] {
        let refused = owner.patch(&path, body).await;
        let _ = refused.expect_problem(409, "default_workspace");
    }
    let _ = owner
        .patch(&path, json!({"name": "Home"}))
        .await
        .expect(200);
    let refused = owner.delete(&path).await;
    let _ = refused.expect_problem(409, "default_workspace");
    world.end().await;
}

#[tokio::test]
async fn private_workspace_and_what_is_in_it_are_for_its_members() {
    let world = World::new().await;
    let admin = world.person(Role::Admin);
    let (member, viewer) = (known(&world, Role::Member), known(&world, Role::Viewer));
    let outsider = world.person(Role::Admin);
    let path = workspace(&admin, json!({"name": "Secret", "public": false})).await;
    let id = path.rsplit('/').next().unwrap();
    assert_eq!(add(&admin, &path, viewer.id, "admin").await, 201);
    assert_eq!(add(&admin, &path, member.id, "viewer").await, 201);
    assert_eq!(add(&admin, &path, member.id, "viewer").await, 409);

    // A viewer of the organization who is admin of the workspace makes projects there, and nowhere else.
    let body = json!({"name": "Apollo", "workspace_id": id});
    let project = viewer.post("/projects", body.clone()).await.expect(201);
    assert_eq!(project["workspace_id"], json!(id));
    viewer
        .post("/projects", json!({"name": "Gemini"}))
        .await
        .expect(403);
    let refused = outsider.post("/projects", body.clone()).await;
    refused.expect_refused(&["/workspace_id"]);
    member.post("/projects", body.clone()).await.expect(403);

    let project = format!("/projects/{}", text(&project, "id"));
    for path in [&path, &project] {
        outsider.get(path).await.expect(404);
        let _ = member.get(path).await.expect(200);
        let _ = world.person(Role::Owner).get(path).await.expect(200);
    }
    assert_eq!(names(&outsider, "/workspaces").await, ["General"]);
    assert_eq!(names(&member, "/workspaces").await, ["General", "Secret"]);
    assert!(names(&outsider, "/projects").await.is_empty());
    assert_eq!(names(&member, "/projects").await, ["Apollo"]);
    // What the workspace gives a viewer of it, is reading: the organization role counts in open ones alone.
    let task = json!({"title": "Fuel"});
    member
        .post(&format!("{project}/tasks"), task)
        .await
        .expect(403);

    let refused = admin.delete(&path).await;
    let _ = refused.expect_problem(409, "workspace_not_empty");
    let _ = admin
        .patch(&path, json!({"active": false}))
        .await
        .expect(200);
    let refused = viewer.post("/projects", body).await;
    let _ = refused.expect_problem(409, "workspace_inactive");
    world.end().await;
}

#[tokio::test]
async fn owners_alone_make_owners_and_the_last_one_stays() {
    let world = World::new().await;
    // Somebody who manages no workspaces of the organization but owns this one.
    let boss = world.person(Role::Admin);
    let (owner, second) = (known(&world, Role::Member), known(&world, Role::Member));
    let path = workspace(&boss, json!({"name": "Customers"})).await;
    assert_eq!(add(&boss, &path, owner.id, "owner").await, 201);
    let place = |person: &Person| format!("{path}/members/{}", person.id);
    boss.delete(&place(&boss)).await.expect(204);
    let refused = owner.delete(&place(&owner)).await;
    let _ = refused.expect_problem(409, "last_owner");
    let refused = owner.put(&place(&owner), json!({"role": "admin"})).await;
    let _ = refused.expect_problem(409, "last_owner");

    assert_eq!(add(&owner, &path, second.id, "admin").await, 201);
    second
        .patch(&place(&second), json!({"role": "owner"}))
        .await
        .expect(403);
    second.delete(&place(&owner)).await.expect(403);
    second.delete(&path).await.expect(403);
    let _ = second
        .patch(&path, json!({"name": "Clients"}))
        .await
        .expect(200);
    let promoted = owner.patch(&place(&second), json!({"role": "owner"})).await;
    assert_eq!(promoted.expect(200)["role"], "owner");
    assert_eq!(
        world.last_event("workspace.member_changed").await["role"],
        "owner"
    );

    // Both leave at once: one of them stays.
    let (first, other) = (place(&owner), place(&second));
    let (first, other) = tokio::join!(owner.delete(&first), second.delete(&other));
    let mut statuses = [first.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    world.end().await;
}

#[tokio::test]
async fn who_leaves_the_organization_is_in_no_workspace_and_no_project() {
    let world = World::new().await;
    let admin = world.person(Role::Admin);
    let ada = known(&world, Role::Member);
    let path = workspace(&admin, json!({"name": "Secret", "public": false})).await;
    assert_eq!(add(&admin, &path, ada.id, "member").await, 201);
    let _ = ada.get(&path).await.expect(200);
    let handler = project_svc::jobs::people::handler(world.state.clone());
    let event = MemberLeft { user_id: ada.id };
    let (made, clock) = (&world.app.ids, &world.app.clock);
    let left = Envelope::new(made, clock, "identity", world.tenant, ada.id, &event);
    handler(vec![left]).await;
    ada.get(&path).await.expect(404);
    let members = format!("{path}/members");
    assert_eq!(
        admin.get(&members).await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.end().await;
}
