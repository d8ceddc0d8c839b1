//! A project that is put away: everything in it can be read, and nothing of it changes.

use kernel::Role;
use serde_json::{Value, json};

use crate::access::{TABLE, Things, call};
use crate::client::{Person, text};
use crate::world::World;

/// Beginnings of the paths of what lies outside of projects.
const ELSEWHERE: [&str; 4] = ["/workspaces", "/teams", "/users", "/webhooks"];

/// What changes nothing of the project, or is how one gets out of the archive, or answers for each task.
const STILL_OPEN: [(&str, &str); 13] = [
    ("POST", "/projects"),
    ("DELETE", "/projects/{project}"),
    ("POST", "/projects/{project}/archive"),
    ("POST", "/projects/{project}/unarchive"),
    ("POST", "/projects/{trashed_project}/restore"),
    ("POST", "/projects/{project}/members"),
    ("PATCH", "/projects/{project}/members/{second}"),
    ("PUT", "/projects/{project}/members/{second}"),
    ("DELETE", "/projects/{project}/members/{second}"),
    ("PUT", "/favourites/task/{task}"),
    ("PUT", "/tasks/{task}/watch"),
    ("POST", "/tasks/bulk"),
    ("POST", "/views"),
];

/// Nothing to take back where nothing was put.
const TAKEN_BACK: [(&str, &str); 2] = [
    ("DELETE", "/favourites/task/{task}"),
    ("DELETE", "/tasks/{task}/watch"),
];

async fn put_away(owner: &Person, project: &str) {
    let archive = format!("/projects/{project}/archive");
    let _ = owner.post(&archive, Value::Null).await.expect(200);
}

#[tokio::test]
async fn each_operation_reads_what_is_put_away_and_changes_nothing() {
    let world = World::new().await;
    let mut mistakes = Vec::new();
    for row in TABLE {
        let (method, path) = (row.0, row.1);
        if ELSEWHERE.iter().any(|other| path.starts_with(other)) {
            continue;
        }
        let owner = world.person(Role::Owner);
        let things = Things::new(&world, &owner).await;
        let things = things.with(&world, &owner, path).await;
        put_away(&owner, &things.project).await;
        let answer = call(&owner, row, &things).await;
        let key = (method, path);
        let open = method == "GET" || STILL_OPEN.contains(&key) || TAKEN_BACK.contains(&key);
        let agrees = match open {
            true => answer.status.is_success(),
            false => answer.status == 409 && answer.body["code"] == "project_archived",
        };
        if !agrees {
            mistakes.push(format!(
                "{method} {path}: {} {}",
                answer.status, answer.body
            ));
        }
    }
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    world.end().await;
}

#[tokio::test]
async fn nothing_comes_into_what_is_put_away_from_outside() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let away = Things::new(&world, &owner).await;
    let (open, _) = owner.project("Gemini").await;
    let task = owner.task(&open, "Dock").await;
    put_away(&owner, &away.project).await;

    let refused = "project_archived";
    let into = json!({"project_id": away.project});
    for path in ["transfer", "copy"] {
        let path = format!("/tasks/{task}/{path}");
        let answer = owner.post(&path, into.clone()).await;
        let _ = answer.expect_problem(409, refused);
    }
    let waits = json!({"other_id": away.task});
    let answer = owner
        .post(&format!("/tasks/{task}/dependencies"), waits)
        .await;
    let _ = answer.expect_problem(409, refused);
    let comment = json!({"project_id": away.project, "body": "Hello"});
    let answer = owner.post("/comments", comment).await;
    let _ = answer.expect_problem(409, refused);
    let view = json!({"name": "All", "shared": true, "project_id": away.project});
    let _ = owner
        .post("/views", view)
        .await
        .expect_problem(409, refused);
    let own = json!({"body": "Other"});
    let answer = owner
        .patch(&format!("/comments/{}", away.comment), own)
        .await;
    let _ = answer.expect_problem(409, refused);

    let both = json!([{"id": away.task}, {"id": task}]);
    for change in [
        json!({"priority": "low"}),
        json!({"status": "done"}),
        json!({"archived": true}),
        json!({"delete": true}),
    ] {
        let body = json!({"items": both, "change": change});
        let answer = owner.post("/tasks/bulk", body).await.expect(200);
        assert_eq!(answer["items"][0]["problem"]["code"], refused);
        assert_eq!(answer["items"][1]["problem"], Value::Null, "{answer:#}");
    }
    let read = owner
        .get(&format!("/tasks/{}", away.task))
        .await
        .expect(200);
    assert_eq!(read["version"], 1);

    // Out of it, a copy may go; and all is as it was once the project is taken out again.
    let copied = owner
        .post(
            &format!("/tasks/{}/copy", away.task),
            json!({"project_id": open}),
        )
        .await;
    let _ = copied.expect(201);
    let out = format!("/projects/{}/unarchive", away.project);
    let _ = owner.post(&out, Value::Null).await.expect(200);
    let change = owner
        .patch(&format!("/tasks/{}", away.task), json!({"title": "Other"}))
        .await;
    assert_eq!(text(&change.expect(200), "title"), "Other");
    world.end().await;
}

#[tokio::test]
async fn project_comes_back_from_the_trash_into_the_archive() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    put_away(&owner, &project).await;
    let path = format!("/projects/{project}");
    let _ = owner.delete(&path).await.expect(204);
    let back = owner.post(&format!("{path}/restore"), Value::Null).await;
    assert!(back.expect(200)["archived_at"].is_string());
    // Who may not change it hears that, not where it lies.
    let viewer = world.person(Role::Viewer);
    let change = viewer
        .post(&format!("{path}/tasks"), json!({"title": "Fuel"}))
        .await;
    let _ = change.expect_problem(403, "permission_denied");
    world.end().await;
}
