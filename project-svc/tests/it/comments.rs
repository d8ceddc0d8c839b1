//! Comments: threads, editing, reactions, mentions, HTML, and whose they are.

use kernel::Role;
use sea_orm::sqlx;
use serde_json::{Value, json};

use crate::client::{Person, ids, text};
use crate::world::World;

async fn comment(person: &Person, path: &str, body: Value) -> Value {
    person.post(path, body).await.expect(201)
}

#[tokio::test]
async fn threads_have_one_level_on_tasks_and_projects() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Apollo").await;
    let task = owner.task(&project, "Engine").await;
    for path in [
        format!("/tasks/{task}/comments"),
        format!("/cards/{task}/comments"),
        format!("/projects/{project}/comments"),
    ] {
        let before = ids(&owner.get(&path).await.expect(200)["items"]).len();
        let first = text(
            &comment(&owner, &path, json!({"body": "First"})).await,
            "id",
        );
        let reply = format!("/comments/{first}/replies");
        let second = comment(&member, &reply, json!({"body": "Second"})).await;
        assert_eq!(second["parent_id"], json!(first));
        let deep = format!("/comments/{}/replies", text(&second, "id"));
        let third = comment(&owner, &deep, json!({"body": "Third"})).await;
        assert_eq!(
            third["parent_id"],
            json!(first),
            "an answer to an answer joins the thread"
        );
        let fourth = json!({"body": "Fourth", "parent_id": second["id"]});
        assert_eq!(
            comment(&owner, &path, fourth).await["parent_id"],
            json!(first)
        );
        assert_eq!(
            owner.get(&format!("/comments/{first}")).await.expect(200)["reply_count"],
            3
        );
        let replies = owner.get(&reply).await.expect(200);
        assert_eq!(ids(&replies["items"]).len(), 3);
        assert_eq!(
            ids(&owner.get(&path).await.expect(200)["items"]).len(),
            before + 4
        );
    }
    let generic = json!({"task_id": task, "body": "Generic"});
    let generic = comment(&member, "/comments", generic).await;
    assert_eq!(
        (&generic["task_id"], &generic["project_id"]),
        (&json!(task), &json!(project))
    );
    comment(
        &member,
        "/comments",
        json!({"project_id": project, "body": "Generic"}),
    )
    .await;
    let on_project = owner
        .get(&format!("/comments?project_id={project}"))
        .await
        .expect(200);
    assert_eq!(ids(&on_project["items"]).len(), 5);
    let on_task = owner
        .get(&format!("/comments?task_id={task}"))
        .await
        .expect(200);
    assert_eq!(ids(&on_task["items"]).len(), 9);
    for body in [
        json!({"body": "x"}),
        json!({"body": "x", "task_id": task, "project_id": project}),
    ] {
        owner
            .post("/comments", body)
            .await
            .expect_refused(&["/task_id"]);
    }
    owner.get("/comments").await.expect_refused(&["task_id"]);
    let event = world.last_event("project.comment_added").await;
    assert_eq!(event["project_id"], json!(project));
    world.end().await;
}

#[tokio::test]
async fn comment_of_another_thing_is_no_parent() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Apollo").await;
    let (task, other) = (
        owner.task(&project, "A").await,
        owner.task(&project, "B").await,
    );
    let elsewhere = comment(
        &owner,
        &format!("/tasks/{other}/comments"),
        json!({"body": "B"}),
    )
    .await;
    let on_project = comment(
        &owner,
        &format!("/projects/{project}/comments"),
        json!({"body": "P"}),
    )
    .await;
    let nobody = world.app.ids.next::<kernel::CommentId>().to_string();
    for parent in [text(&elsewhere, "id"), text(&on_project, "id"), nobody] {
        let body = json!({"body": "x", "parent_id": parent});
        owner
            .post(&format!("/tasks/{task}/comments"), body)
            .await
            .expect_refused(&["/parent_id"]);
    }
    // In a project that is not for everybody, comments are not there for the others.
    sqlx::query("update projects set is_public = false")
        .execute(&world.database)
        .await
        .unwrap();
    let id = text(&on_project, "id");
    for path in ["", "/replies", "/history", "/reactions"] {
        member
            .get(&format!("/comments/{id}{path}"))
            .await
            .expect(404);
    }
    member
        .post(&format!("/comments/{id}/replies"), json!({"body": "x"}))
        .await
        .expect(404);
    member
        .put(&format!("/comments/{id}/reactions/like"), json!({}))
        .await
        .expect(404);
    member
        .post("/comments", json!({"body": "x", "task_id": task}))
        .await
        .expect(404);
    member
        .get(&format!("/comments?project_id={project}"))
        .await
        .expect(404);
    world.end().await;
}

#[tokio::test]
async fn edits_keep_what_was_said_and_are_the_authors_alone() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Apollo").await;
    let task = owner.task(&project, "Engine").await;
    let own = comment(
        &member,
        &format!("/tasks/{task}/comments"),
        json!({"body": "One"}),
    )
    .await;
    assert_eq!(
        (&own["version"], &own["edited_at"]),
        (&json!(1), &json!(null))
    );
    let path = format!("/comments/{}", text(&own, "id"));
    owner
        .patch(&path, json!({"body": "Forged"}))
        .await
        .expect_problem(403, "not_the_author");
    owner
        .put(&path, json!({"body": "Forged"}))
        .await
        .expect_problem(403, "not_the_author");
    let two = member
        .patch(&path, json!({"body": "Two"}))
        .await
        .expect(200);
    assert_eq!((&two["body"], &two["version"]), (&json!("Two"), &json!(2)));
    assert!(two["edited_at"].is_string());
    member
        .put(&path, json!({"body": "Three", "version": 1}))
        .await
        .expect_problem(409, "stale_version");
    member
        .put(&path, json!({"body": "Three", "version": 2}))
        .await
        .expect(200);
    let same = member
        .patch(&path, json!({"body": "Three"}))
        .await
        .expect(200);
    assert_eq!(same["version"], 3, "the same again is no edit");
    let history = owner.get(&format!("{path}/history")).await.expect(200);
    let bodies: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["body"].as_str().unwrap())
        .collect();
    assert_eq!(bodies, ["Two", "One"]);
    for (body, pointer) in [
        (json!({"body": " \n "}), "/body"),
        (json!({"body": "x".repeat(20_001)}), "/body"),
        (json!({"body": "x", "author_id": owner.id}), "/author_id"),
        (json!({"body": "x", "task_id": task}), "/task_id"),
    ] {
        member.patch(&path, body).await.expect_refused(&[pointer]);
    }
    member
        .patch(&path, json!({"body": "🚀".repeat(20_000)}))
        .await
        .expect(200);
    let racers = [
        json!({"body": "A", "version": 4}),
        json!({"body": "B", "version": 4}),
    ];
    let [a, b] = racers.map(|body| member.patch(&path, body));
    let (a, b) = tokio::join!(a, b);
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "one of two writers wins");
    member.delete(&path).await.expect(204);
    member.get(&path).await.expect(404);
    let deleted = world.last_event("comment.deleted").await;
    assert_eq!(deleted["task_id"], json!(task));
    world.end().await;
}

#[tokio::test]
async fn each_person_reacts_once_in_each_way() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Apollo").await;
    let body = json!({"body": "Launched"});
    let path = format!(
        "/comments/{}",
        text(
            &comment(&owner, &format!("/projects/{project}/comments"), body).await,
            "id"
        )
    );
    for person in [&owner, &member, &owner] {
        person
            .put(&format!("{path}/reactions/thumbs_up"), json!({}))
            .await
            .expect(204);
    }
    member
        .put(&format!("{path}/reactions/rocket"), json!({}))
        .await
        .expect(204);
    let view = owner.get(&path).await.expect(200);
    let expected = json!([
        {"kind": "thumbs_up", "count": 2, "mine": true}, {"kind": "rocket", "count": 1, "mine": false},
    ]);
    assert_eq!(view["reactions"], expected);
    let listed = owner
        .get(&format!("{path}/reactions?limit=2"))
        .await
        .expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let cursor = text(&listed, "next_cursor");
    let rest = owner
        .get(&format!("{path}/reactions?limit=2&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(rest["items"][0]["kind"], "rocket");
    let before = world.events().await.len();
    for _ in 0..2 {
        member
            .delete(&format!("{path}/reactions/rocket"))
            .await
            .expect(204);
    }
    assert_eq!(
        world.events().await.len(),
        before + 1,
        "what changes nothing is not told"
    );
    owner
        .put(&format!("{path}/reactions/hate"), json!({}))
        .await
        .expect(404);
    let viewer = world.person(Role::Viewer);
    viewer
        .put(&format!("{path}/reactions/like"), json!({}))
        .await
        .expect(403);
    world.end().await;
}

#[tokio::test]
async fn people_who_see_it_are_mentioned() {
    let world = World::new().await;
    let (owner, ada, bob) = (
        world.person(Role::Owner),
        world.person(Role::Member),
        world.person(Role::Member),
    );
    let (project, _) = owner.project("Apollo").await;
    let task = owner.task(&project, "Engine").await;
    for (id, name) in [(ada.id, "Zoë Lovelace"), (bob.id, "Bob Smith")] {
        let sql = "insert into people (id, name, role) values ($1::uuid, $2, 'member')";
        sqlx::query(sql)
            .bind(id.uuid())
            .bind(name)
            .execute(&world.database)
            .await
            .unwrap();
    }
    let path = format!("/tasks/{task}/comments");
    let stranger = world.app.ids.next::<kernel::UserId>();
    let body = format!(
        "@zoë and @bob.smith, @nobody `@bob` @[X](user:{stranger}) @[Zoë](user:{})",
        ada.id
    );
    let made = comment(&owner, &path, json!({"body": body})).await;
    let mut named: Vec<String> = serde_json::from_value(made["mention_ids"].clone()).unwrap();
    named.sort();
    let mut expected = [ada.id.to_string(), bob.id.to_string()];
    expected.sort();
    assert_eq!(named, expected);
    let event = world.last_event("task.comment_added").await;
    assert_eq!(event["mentioned_ids"].as_array().unwrap().len(), 2);
    let edit = format!("/comments/{}", text(&made, "id"));
    let edited = owner
        .patch(&edit, json!({"body": "only @bob"}))
        .await
        .expect(200);
    assert_eq!(edited["mention_ids"], json!([bob.id]));
    let event = world.last_event("comment.edited").await;
    assert_eq!(event.get("mentioned_ids"), None, "he was named before");

    sqlx::query("update people set name = 'Bob Jones' where id = $1::uuid")
        .bind(ada.id.uuid())
        .execute(&world.database)
        .await
        .unwrap();
    let twice = comment(&owner, &path, json!({"body": "@bob"})).await;
    assert_eq!(twice["mention_ids"], json!([]), "it could be either");
    sqlx::query("update projects set is_public = false")
        .execute(&world.database)
        .await
        .unwrap();
    let hidden = comment(
        &owner,
        &path,
        json!({"body": format!("@[B](user:{})", bob.id)}),
    )
    .await;
    assert_eq!(
        hidden["mention_ids"],
        json!([]),
        "who does not see the project is not called to it"
    );
    world.end().await;
}

#[tokio::test]
async fn html_is_harmless_and_links_tasks_that_are_seen() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Apollo").await;
    let task = owner.task(&project, "Engine").await;
    let key = text(
        &owner.get(&format!("/tasks/{task}")).await.expect(200),
        "key",
    );
    let (other, _) = owner.project("Open").await;
    let body = json!({"body": format!("**See** {key} and UTF-8 <script>alert(1)</script> [x](javascript:alert(1))")});
    let made = comment(&owner, &format!("/projects/{other}/comments"), body).await;
    assert_eq!(made.get("html"), None);
    let path = format!("/comments/{}", text(&made, "id"));
    let html = text(
        &owner.get(&format!("{path}?html=true")).await.expect(200),
        "html",
    );
    assert!(
        html.contains("<strong>See</strong>") && html.contains(&format!("href=\"/tasks/{task}\"")),
        "{html}"
    );
    assert!(
        !html.contains("<script") && !html.contains("javascript:"),
        "{html}"
    );
    let page = owner
        .get(&format!("/projects/{other}/comments?html=true"))
        .await
        .expect(200);
    assert_eq!(page["items"][0]["html"], json!(html));
    // A key says nothing to who does not see its task.
    let hide = "update projects set is_public = false where id = $1::uuid";
    sqlx::query(hide)
        .bind(&project)
        .execute(&world.database)
        .await
        .unwrap();
    let html = text(
        &member.get(&format!("{path}?html=true")).await.expect(200),
        "html",
    );
    assert!(html.contains(&key) && !html.contains("href="), "{html}");
    world.end().await;
}
