//! Saved views: whose they are, who sees them, and what they show.

use kernel::Role;
use sea_orm::sqlx;
use serde_json::{Value, json};

use crate::client::{Person, ids, text};
use crate::world::World;

async fn view(person: &Person, body: Value) -> String {
    text(&person.post("/views", body).await.expect(201), "id")
}

#[tokio::test]
async fn private_views_are_their_owners_and_shared_ones_everybodys() {
    let world = World::new().await;
    let (owner, member, viewer) = (
        world.person(Role::Owner),
        world.person(Role::Member),
        world.person(Role::Viewer),
    );
    let (project, _) = owner.project("Apollo").await;
    let private = view(&member, json!({"name": "B mine", "filter": "assignee:me"})).await;
    let shared = json!({"name": "A shared", "filter": "is:open", "sort": "-priority,due", "layout": "board",
        "settings": {"lanes": "assignee"}, "shared": true, "project_id": project});
    let shared = view(&member, shared).await;
    let listed = async |person: &Person, query: &str| {
        ids(&person.get(&format!("/views{query}")).await.expect(200)["items"])
    };
    assert_eq!(listed(&member, "").await, [shared.clone(), private.clone()]);
    assert_eq!(listed(&viewer, "").await, [&*shared]);
    assert_eq!(
        listed(&member, &format!("?project_id={project}")).await,
        [&*shared]
    );
    let path = format!("/views/{private}");
    for answer in [
        owner.get(&path).await,
        owner.patch(&path, json!({"name": "Taken"})).await,
        owner.delete(&path).await,
        owner.get(&format!("{path}/tasks")).await,
    ] {
        answer.expect(404);
    }
    let path = format!("/views/{shared}");
    viewer
        .patch(&path, json!({"name": "Taken"}))
        .await
        .expect(403);
    viewer.delete(&path).await.expect(403);
    viewer
        .post("/views", json!({"name": "X", "shared": true}))
        .await
        .expect(403);
    let own = view(&viewer, json!({"name": "X"})).await;
    viewer
        .patch(&format!("/views/{own}"), json!({"shared": true}))
        .await
        .expect(403);
    let read = viewer.get(&path).await.expect(200);
    assert_eq!(
        (&read["layout"], &read["settings"]["lanes"]),
        (&json!("board"), &json!("assignee"))
    );
    let renamed = owner
        .patch(&path, json!({"name": "Ours", "version": 1}))
        .await
        .expect(200);
    assert_eq!(
        (&renamed["name"], &renamed["version"], &renamed["filter"]),
        (&json!("Ours"), &json!(2), &json!("is:open"))
    );
    owner
        .put(&path, json!({"name": "Late", "version": 1}))
        .await
        .expect_problem(409, "stale_version");

    sqlx::query("update projects set is_public = false")
        .execute(&world.database)
        .await
        .unwrap();
    world.person(Role::Member).get(&path).await.expect(404);
    assert_eq!(listed(&viewer, "").await, [own]);
    owner.delete(&path).await.expect(204);
    owner.get(&path).await.expect(404);
    world.end().await;
}

#[tokio::test]
async fn tasks_of_a_view_are_those_its_filter_finds_for_the_reader() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (apollo, _) = owner.project("Apollo").await;
    let (gemini, _) = owner.project("Gemini").await;
    for (person, project, title) in [
        (&owner, &apollo, "Owner's"),
        (&member, &apollo, "Member's"),
        (&owner, &gemini, "Other"),
    ] {
        person.task(project, title).await;
    }
    let all = view(
        &owner,
        json!({"name": "All", "filter": "creator:me", "sort": "title", "shared": true}),
    )
    .await;
    let titles = async |person: &Person, query: &str| -> Vec<String> {
        let page = person
            .get(&format!("/views/{all}/tasks{query}"))
            .await
            .expect(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| text(task, "title"))
            .collect()
    };
    assert_eq!(titles(&owner, "").await, ["Other", "Owner's"]);
    assert_eq!(titles(&member, "").await, ["Member's"], "`me` is who reads");
    let first = owner
        .get(&format!("/views/{all}/tasks?limit=1"))
        .await
        .expect(200);
    let rest = format!("?cursor={}", text(&first, "next_cursor"));
    assert_eq!(titles(&owner, &rest).await, ["Owner's"]);
    let one = view(&owner, json!({"name": "One", "project_id": gemini})).await;
    let page = owner.get(&format!("/views/{one}/tasks")).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_not_kept() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Apollo").await;
    for (field, value) in [
        ("name", json!("x".repeat(101))),
        ("name", json!("a\nb")),
        ("sort", json!("secret")),
        ("settings", json!({"x": "y".repeat(16_384)})),
        ("owner_id", json!(owner.id)),
        ("version", json!(1)),
    ] {
        let mut body = json!({"name": "View"});
        body[field] = value;
        owner
            .post("/views", body)
            .await
            .expect_refused(&[&format!("/{field}")]);
    }
    let wrong = json!({"name": "View", "filter": "due:<7d foo:bar"});
    let problem = owner
        .post("/views", wrong)
        .await
        .expect_problem(422, "invalid_filter");
    assert_eq!(
        (
            &problem["errors"][0]["pointer"],
            &problem["errors"][0]["offset"]
        ),
        (&json!("/filter"), &json!(8))
    );
    let both = json!({"name": "View", "filter": "sort:due", "sort": "title"});
    owner.post("/views", both).await.expect_refused(&["/sort"]);
    let kept = view(&owner, json!({"name": "View", "filter": "sort:due"})).await;
    owner
        .patch(&format!("/views/{kept}"), json!({"sort": "title"}))
        .await
        .expect_refused(&["/sort"]);
    owner
        .patch(&format!("/views/{kept}"), json!({"filter": "x:y"}))
        .await
        .expect_problem(422, "invalid_filter");
    owner
        .patch(&format!("/views/{kept}"), json!({"project_id": project}))
        .await
        .expect_refused(&["/project_id"]);
    sqlx::query("update projects set is_public = false")
        .execute(&world.database)
        .await
        .unwrap();
    member
        .post("/views", json!({"name": "View", "project_id": project}))
        .await
        .expect(404);
    world.end().await;
}

#[tokio::test]
async fn views_are_kept_at_hand_by_who_sees_them() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Apollo").await;
    let everywhere = view(&owner, json!({"name": "Open", "shared": true})).await;
    let of_project = json!({"name": "Bugs", "shared": true, "project_id": project});
    let of_project = view(&owner, of_project).await;
    let private = view(&owner, json!({"name": "Mine"})).await;
    for id in [&everywhere, &of_project] {
        let path = format!("/favourites/view/{id}");
        member.put(&path, json!({})).await.expect(204);
    }
    let path = format!("/favourites/view/{private}");
    let _ = member.put(&path, json!({})).await.expect(404);
    let kept = async || {
        let kept = member.get("/favourites?kind=view").await.expect(200);
        kept["items"].as_array().unwrap().clone()
    };
    let all = kept().await;
    let shown = |entry: &Value| {
        let fields = ["name", "key", "project_id"];
        fields.map(|field| entry[field].clone())
    };
    assert_eq!(
        all.iter().map(shown).collect::<Vec<_>>(),
        [
            [json!("Bugs"), json!("APO"), json!(project)],
            [json!("Open"), Value::Null, Value::Null],
        ]
    );
    // What is not shared any more, or of a project that is closed, is not there.
    let path = format!("/views/{everywhere}");
    let _ = owner
        .patch(&path, json!({"shared": false}))
        .await
        .expect(200);
    assert_eq!(ids(&json!(kept().await)), [of_project]);
    let closed = json!({"public": false});
    let _ = owner
        .patch(&format!("/projects/{project}"), closed)
        .await
        .expect(200);
    assert!(kept().await.is_empty());
    world.end().await;
}
