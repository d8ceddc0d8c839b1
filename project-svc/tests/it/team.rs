//! Teams and who is in them.

use events::topic::user::MemberLeft;
use events::{Action, Envelope};
use kernel::{Role, UserId};
use serde_json::{Value, json};

use crate::client::{Person, text};
use crate::world::World;

/// A member of the organization, whom identity knows.
fn member(world: &World) -> Person {
    let person = world.person(Role::Member);
    world.neighbours.know(person.id, Role::Member);
    person
}

async fn team(by: &Person, name: &str) -> String {
    let made = by.post("/teams", json!({"name": name})).await.expect(201);
    format!("/teams/{}", text(&made, "id"))
}

async fn add(by: &Person, team: &str, user: UserId, role: &str) -> u16 {
    let body = json!({"user_id": user, "role": role});
    by.post(&format!("{team}/members"), body)
        .await
        .status
        .as_u16()
}

fn column(page: &Value, field: &str) -> Vec<Value> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item[field].clone()).collect()
}

#[tokio::test]
async fn teams_are_made_changed_listed_and_deleted() {
    let world = World::new().await;
    let admin = world.person(Role::Admin);
    let made = admin
        .post(
            "/teams",
            json!({"name": "Platform & Tools", "color": "#102030"}),
        )
        .await;
    assert_eq!(made.header("etag"), "\"1\"");
    let made = made.expect(201);
    assert_eq!(
        (&made["slug"], &made["active"]),
        (&json!("platform-tools"), &json!(true))
    );
    let twin = admin
        .post("/teams", json!({"name": "Platform Tools"}))
        .await;
    let _ = twin.expect_problem(409, "slug_taken");
    for name in ["Zebra", "Ape"] {
        team(&admin, name).await;
    }
    let path = format!("/teams/{}", text(&made, "id"));
    let body = json!({"name": "Core", "active": false, "settings": {"board": "x"}, "version": 1});
    let changed = admin.patch(&path, body.clone()).await.expect(200);
    assert_eq!(
        (&changed["version"], &changed["settings"]),
        (&json!(2), &json!({"board": "x"}))
    );
    let _ = admin
        .patch(&path, body)
        .await
        .expect_problem(409, "stale_version");
    let taken = admin.put(&path, json!({"slug": "ape"})).await;
    let _ = taken.expect_problem(409, "slug_taken");

    let first = admin.get("/teams?limit=2").await.expect(200);
    assert_eq!(column(&first, "name"), ["Ape", "Core"]);
    let next = format!("/teams?limit=2&cursor={}", text(&first, "next_cursor"));
    assert_eq!(
        column(&admin.get(&next).await.expect(200), "name"),
        ["Zebra"]
    );
    let active = admin.get("/teams?active=true").await.expect(200);
    assert_eq!(column(&active, "name"), ["Ape", "Zebra"]);
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.expect(404);
    world.end().await;
}

#[tokio::test]
async fn bad_teams_are_refused_field_by_field() {
    let world = World::new().await;
    let admin = world.person(Role::Admin);
    let body = json!({"name": " ", "slug": "No Slug", "color": "red", "owner": 1});
    let refused = admin.post("/teams", body).await.expect(422);
    let mut pointers: Vec<_> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, "pointer"))
        .collect();
    pointers.sort();
    assert_eq!(pointers, ["/color", "/name", "/owner", "/slug"]);
    admin
        .post("/teams", json!({"name": "日本"}))
        .await
        .expect_refused(&["/slug"]);
    let large = json!({"name": "Large", "settings": {"text": "x".repeat(17_000)}});
    admin
        .post("/teams", large)
        .await
        .expect_refused(&["/settings"]);
    world.end().await;
}

#[tokio::test]
async fn lead_looks_after_the_own_team_alone() {
    let world = World::new().await;
    let admin = world.person(Role::Admin);
    let (lead, other) = (member(&world), member(&world));
    let (own, foreign) = (team(&admin, "Own").await, team(&admin, "Foreign").await);
    assert_eq!(add(&admin, &own, lead.id, "lead").await, 201);
    assert_eq!(add(&admin, &foreign, lead.id, "member").await, 201);
    assert_eq!(add(&lead, &own, other.id, "member").await, 201);
    assert_eq!(add(&lead, &own, other.id, "member").await, 409);
    assert_eq!(add(&lead, &foreign, other.id, "member").await, 403);
    lead.patch(&own, json!({"description": "Ours"}))
        .await
        .expect(200);
    lead.patch(&foreign, json!({"description": "Ours"}))
        .await
        .expect(403);
    lead.delete(&own).await.expect(403);

    // A member makes nobody a lead, and leaves when it likes.
    let place = format!("{own}/members/{}", other.id);
    other
        .patch(&place, json!({"role": "lead"}))
        .await
        .expect(403);
    let leads = format!("{own}/members/{}", lead.id);
    other.delete(&leads).await.expect(403);
    let promoted = lead
        .patch(&place, json!({"role": "lead"}))
        .await
        .expect(200);
    assert_eq!(promoted["role"], "lead");
    other.delete(&place).await.expect(204);
    other.delete(&place).await.expect(404);
    // Nobody from outside the organization is in a team of it.
    let stranger: UserId = world.app.ids.next();
    let body = json!({"user_id": stranger});
    let refused = admin.post(&format!("{own}/members"), body).await;
    refused.expect_refused(&["/user_id"]);
    world.end().await;
}

#[tokio::test]
async fn people_and_their_teams_are_listed_and_gone_with_the_membership() {
    let world = World::new().await;
    let admin = world.person(Role::Admin);
    let (ada, bob) = (member(&world), member(&world));
    let (first, second) = (team(&admin, "A").await, team(&admin, "B").await);
    for (team, person) in [(&first, &ada), (&second, &ada), (&first, &bob)] {
        assert_eq!(add(&admin, team, person.id, "member").await, 201);
    }
    let of = async |person: &Person| {
        let page = bob
            .get(&format!("/users/{}/teams", person.id))
            .await
            .expect(200);
        column(&page, "name")
    };
    assert_eq!(of(&ada).await, ["A", "B"]);
    let page = bob
        .get(&format!("{first}/members?limit=1"))
        .await
        .expect(200);
    assert_eq!(column(&page, "user_id"), [json!(ada.id)]);
    let next = format!(
        "{first}/members?limit=1&cursor={}",
        text(&page, "next_cursor")
    );
    assert_eq!(
        column(&bob.get(&next).await.expect(200), "user_id"),
        [json!(bob.id)]
    );
    let count = column(&bob.get("/teams").await.expect(200), "members");
    assert_eq!(count, [2, 1]);

    let handler = project_svc::jobs::people::handler(world.state.clone());
    let event = MemberLeft { user_id: ada.id };
    let (ids, clock) = (&world.app.ids, &world.app.clock);
    let left = Envelope::new(ids, clock, "identity", world.tenant, ada.id, &event);
    assert_eq!(
        handler(vec![left.clone(), left]).await,
        vec![Action::Ack; 2]
    );
    assert!(of(&ada).await.is_empty());
    assert_eq!(of(&bob).await, ["A"]);
    world.end().await;
}
