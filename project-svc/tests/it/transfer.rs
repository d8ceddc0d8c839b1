//! Tasks that go to another project, and copies.

use kernel::Role;
use serde_json::{Value, json};

use crate::client::{Person, ids, text};
use crate::world::World;

async fn make(person: &Person, path: &str, body: Value) -> String {
    text(&person.post(path, body).await.expect(201), "id")
}

/// A task with all that it can carry, and one below it that is done.
async fn rich_task(owner: &Person, project: &str) -> (String, String) {
    for key in ["size", "note"] {
        let field = json!({"key": key, "name": key, "kind": "text"});
        let _ = make(owner, &format!("/projects/{project}/fields"), field).await;
    }
    let labels = format!("/projects/{project}/labels");
    let bug = make(owner, &labels, json!({"name": "bug"})).await;
    let local = make(owner, &labels, json!({"name": "local"})).await;
    let body = json!({"title": "Launch", "label_ids": [bug, local], "assignee_ids": [owner.id],
        "fields": {"size": "big", "note": "here"}, "due_date": "2026-03-02"});
    let root = make(owner, &format!("/projects/{project}/tasks"), body).await;
    let child = make(
        owner,
        &format!("/tasks/{root}/subtasks"),
        json!({"title": "Fuel"}),
    )
    .await;
    let done = json!({"status": "done"});
    let _ = owner
        .put(&format!("/tasks/{child}/status"), done)
        .await
        .expect(200);
    let lists = format!("/tasks/{root}/checklists");
    let list = make(owner, &lists, json!({"name": "Before"})).await;
    let item = json!({"text": "Crew", "done": true});
    let _ = make(owner, &format!("{lists}/{list}/items"), item).await;
    (root, child)
}

#[tokio::test]
async fn task_goes_to_another_project_with_what_is_below_it() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (apollo, _) = owner.project("Apollo").await;
    let (gemini, columns) = owner.project("Gemini").await;
    let (root, child) = rich_task(&owner, &apollo).await;
    let there = make(
        &owner,
        &format!("/projects/{gemini}/labels"),
        json!({"name": "BUG"}),
    )
    .await;
    let field = json!({"key": "size", "name": "Size", "kind": "text"});
    let _ = make(&owner, &format!("/projects/{gemini}/fields"), field).await;
    let comment = format!("/tasks/{root}/comments");
    let _ = make(&owner, &comment, json!({"body": "Hello"})).await;
    let trashed = make(
        &owner,
        &format!("/tasks/{root}/subtasks"),
        json!({"title": "Old"}),
    )
    .await;
    let _ = owner.delete(&format!("/tasks/{trashed}")).await.expect(204);

    let path = format!("/tasks/{root}/transfer");
    let to = json!({"project_id": gemini, "column_id": columns[2]});
    let moved = member.post(&path, to).await.expect(200);
    assert_eq!(
        [
            &moved["key"],
            &moved["project_id"],
            &moved["column_id"],
            &moved["status"]
        ],
        [
            &json!("GEM-1"),
            &json!(gemini),
            &json!(columns[2]),
            &json!("review")
        ]
    );
    assert_eq!(moved["label_ids"], json!([there]));
    assert_eq!(moved["fields"], json!({"size": "big"}));
    assert_eq!(moved["assignee_ids"], json!([owner.id]));
    assert_eq!(moved["checklist"], json!({"total": 1, "done": 1}));
    assert_eq!(moved["subtasks"], json!({"total": 1, "done": 1}));
    let below = owner.get("/tasks/by-key/GEM-2").await.expect(200);
    assert_eq!(
        [
            &below["id"],
            &below["parent_id"],
            &below["column_id"],
            &below["status"]
        ],
        [
            &json!(child),
            &json!(root),
            &json!(columns[3]),
            &json!("done")
        ]
    );
    assert_eq!(
        owner.get(&comment).await.expect(200)["items"][0]["body"],
        "Hello"
    );
    let _ = owner.get("/tasks/by-key/APO-1").await.expect(404);
    let history = owner
        .get(&format!("/tasks/{root}/history"))
        .await
        .expect(200);
    assert_eq!(history["items"][0]["kind"], "task.transferred");
    let key = json!({"from": "APO-1", "to": "GEM-1"});
    assert_eq!(history["items"][0]["changes"]["key"], key);
    let told = world.events().await;
    assert_eq!(
        told.iter()
            .filter(|kind| *kind == "task.transferred")
            .count(),
        2
    );

    // What lay in the trash stays where it was, and stands alone when it comes back.
    let back = owner
        .post(&format!("/tasks/{trashed}/restore"), Value::Null)
        .await
        .expect(200);
    assert_eq!(
        (&back["project_id"], &back["parent_id"]),
        (&json!(apollo), &Value::Null)
    );
    // The next number of the project is its own.
    assert_eq!(owner.task(&gemini, "Next").await.len(), 36);
    let _ = owner.get("/tasks/by-key/GEM-3").await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn task_goes_only_where_the_caller_may_put_one() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));
    let (apollo, own) = owner.project("Apollo").await;
    let (gemini, _) = owner.project("Gemini").await;
    let (closed, there) = owner.project("Secret").await;
    let task = owner.task(&apollo, "Fuel").await;
    sea_orm::sqlx::query("update projects set is_public = false where id = $1")
        .bind(closed.parse::<uuid::Uuid>().unwrap())
        .execute(&world.database)
        .await
        .unwrap();
    for what in ["transfer", "copy"] {
        let path = format!("/tasks/{task}/{what}");
        let secret = json!({"project_id": closed});
        member
            .post(&path, secret)
            .await
            .expect_refused(&["/project_id"]);
        let nowhere = json!({"project_id": world.tenant});
        owner
            .post(&path, nowhere)
            .await
            .expect_refused(&["/project_id"]);
        for column in [&own[0], &there[0]] {
            let crossed = json!({"project_id": gemini, "column_id": column});
            owner
                .post(&path, crossed)
                .await
                .expect_refused(&["/column_id"]);
        }
        let viewer = world.person(Role::Viewer);
        let to = json!({"project_id": gemini});
        let _ = viewer.post(&path, to).await.expect(403);
    }
    let same = json!({"project_id": apollo});
    let path = format!("/tasks/{task}/transfer");
    owner
        .post(&path, same)
        .await
        .expect_refused(&["/project_id"]);
    let _ = world
        .person(Role::Viewer)
        .post(&format!("/tasks/{task}/copy"), json!({}))
        .await
        .expect(403);
    assert_eq!(
        owner.get(&format!("/tasks/{task}")).await.expect(200)["version"],
        1
    );
    world.end().await;
}

#[tokio::test]
async fn copy_has_what_the_original_has_and_nothing_ticked() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (apollo, columns) = owner.project("Apollo").await;
    let (root, _) = rich_task(&owner, &apollo).await;
    let original = owner.get(&format!("/tasks/{root}")).await.expect(200);
    let path = format!("/tasks/{root}/copy");
    let copy = owner
        .post(&path, json!({"title": "Again"}))
        .await
        .expect(201);
    assert_ne!(copy["id"], original["id"]);
    for same in [
        "description",
        "label_ids",
        "fields",
        "assignee_ids",
        "due_date",
        "priority",
        "subtasks",
    ] {
        assert_eq!(copy[same], original[same], "{same}");
    }
    assert_eq!(
        (&copy["title"], &copy["key"]),
        (&json!("Again"), &json!("APO-3"))
    );
    assert_eq!(copy["checklist"], json!({"total": 1, "done": 0}));
    let below = owner
        .get(&format!("/tasks/{}/subtasks", text(&copy, "id")))
        .await
        .expect(200);
    assert_eq!(below["items"][0]["title"], "Fuel");
    assert_eq!(below["items"][0]["column_id"], json!(columns[3]));
    let alone = json!({"subtasks": false, "column_id": columns[1]});
    let alone = owner.post(&path, alone).await.expect(201);
    assert_eq!(alone["subtasks"], json!({"total": 0, "done": 0}));
    assert_eq!(owner.cards(&columns[1]).await, [text(&alone, "id")]);

    let (gemini, _) = owner.project("Gemini").await;
    let elsewhere = json!({"project_id": gemini});
    let elsewhere = owner.post(&path, elsewhere).await.expect(201);
    assert_eq!(
        (&elsewhere["key"], &elsewhere["label_ids"]),
        (&json!("GEM-1"), &json!([]))
    );
    assert_eq!(elsewhere["fields"], json!({}));
    let tasks = owner
        .get(&format!("/projects/{gemini}/tasks"))
        .await
        .expect(200);
    assert_eq!(ids(&tasks["items"]).len(), 2);
    let sql = "update columns set wip_limit = 1, limit_blocks = true where id = $1";
    let block = sea_orm::sqlx::query(sql).bind(columns[1].parse::<uuid::Uuid>().unwrap());
    let _ = block.execute(&world.database).await.unwrap();
    let full = json!({"subtasks": false, "column_id": columns[1]});
    let _ = owner
        .post(&path, full)
        .await
        .expect_problem(409, "wip_limit_reached");
    world.end().await;
}
