//! The ordinary life of a project, from its creation to its end.

use kernel::Role;
use serde_json::json;

use crate::client::text;
use crate::world::World;

#[tokio::test]
async fn project_lives_from_creation_to_deletion() {
    let world = World::new().await;
    let (owner, member) = (world.person(Role::Owner), world.person(Role::Member));

    let body =
        json!({"name": "Apollo", "description": "To the *Moon*", "start_date": "2026-01-01"});
    let answer = owner.post("/projects", body).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let location = answer.header("location").to_owned();
    let project = answer.expect(201);
    assert_eq!(project["key"], "APO");
    assert_eq!(project["status"], "active");
    let id = text(&project, "id");
    assert_eq!(location, format!("/api/v1/projects/{id}"));

    let boards = owner
        .get(&format!("/projects/{id}/boards"))
        .await
        .expect(200);
    assert_eq!(boards["items"][0]["name"], "Board");
    let board = text(&boards["items"][0], "id");
    let view = owner.get(&format!("/boards/{board}")).await.expect(200);
    let columns = view["columns"].as_array().unwrap();
    let names: Vec<_> = columns
        .iter()
        .map(|column| (&column["name"], &column["category"]))
        .collect();
    let expected = json!([
        ["To do", "todo"],
        ["In progress", "in_progress"],
        ["Review", "review"],
        ["Done", "done"]
    ]);
    assert_eq!(json!(names), expected);

    let task = json!({"title": "Build the rocket", "priority": "high", "due_date": "2026-07-01"});
    let task = member
        .post(&format!("/projects/{id}/tasks"), task)
        .await
        .expect(201);
    assert_eq!(
        (&task["key"], &task["status"]),
        (&json!("APO-1"), &json!("todo"))
    );
    let task_id = text(&task, "id");
    let path = format!("/tasks/{task_id}");

    let assigned = json!({"assignee_ids": [member.id, owner.id, member.id]});
    let assigned = member
        .put(&format!("{path}/assign"), assigned)
        .await
        .expect(200);
    assert_eq!(assigned["assignee_ids"], json!([member.id, owner.id]));
    let mine = member
        .get("/tasks?assignee=me&status=todo")
        .await
        .expect(200);
    assert_eq!(mine["items"][0]["key"], "APO-1");
    assert!(mine["items"][0].get("description").is_none());

    let target = text(&columns[1], "id");
    let moved = member
        .put(
            &format!("/cards/{task_id}/move"),
            json!({"column_id": target}),
        )
        .await
        .expect(200);
    assert_eq!(moved["status"], "in_progress");
    assert_eq!(moved["wip_exceeded"], false);

    let done = member
        .put(&format!("{path}/status"), json!({"status": "done"}))
        .await
        .expect(200);
    assert!(done["completed_at"].is_string());
    assert_eq!(done["column_id"], columns[3]["id"]);
    let event = world.last_event("task.status_changed").await;
    assert_eq!(
        (&event["from"], &event["to"]),
        (&json!("in_progress"), &json!("done"))
    );
    assert_eq!(event["completed_at"], done["completed_at"]);
    assert_eq!(event["version"], done["version"]);
    let open = member
        .put(&format!("{path}/status"), json!({"status": "review"}))
        .await
        .expect(200);
    assert_eq!(open["completed_at"], json!(null));

    let comment = member
        .post(
            &format!("{path}/comments"),
            json!({"body": "Looks **good**"}),
        )
        .await
        .expect(201);
    let comments = owner.get(&format!("{path}/comments")).await.expect(200);
    assert_eq!(comments["items"][0]["body"], "Looks **good**");
    member
        .delete(&format!("/comments/{}", text(&comment, "id")))
        .await
        .expect(204);

    owner.delete(&format!("/projects/{id}")).await.expect(204);
    for gone in [
        format!("/projects/{id}"),
        path.clone(),
        format!("/boards/{board}"),
        format!("/columns/{target}/cards"),
    ] {
        owner.get(&gone).await.expect_problem(404, "not_found");
    }
    assert_eq!(owner.get("/tasks").await.expect(200)["items"], json!([]));

    let expected = [
        "project.created",
        "task.created",
        "task.assigned",
        "task.moved",
        "task.status_changed",
        "task.moved",
        "task.status_changed",
        "task.moved",
        "task.status_changed",
        "task.comment_added",
        "comment.deleted",
        "task.updated",
        "project.deleted",
    ];
    assert_eq!(world.events().await, expected);
    world.end().await;
}

#[tokio::test]
async fn patch_changes_only_what_was_sent_and_null_takes_away() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let task = json!({"title": "Fuel", "description": "lots", "due_date": "2026-07-01"});
    let task = owner
        .post(&format!("/projects/{project}/tasks"), task)
        .await
        .expect(201);
    let path = format!("/tasks/{}", text(&task, "id"));

    let patched = owner
        .patch(&path, json!({"title": "Oxygen"}))
        .await
        .expect(200);
    assert_eq!(
        (&patched["title"], &patched["description"]),
        (&json!("Oxygen"), &json!("lots"))
    );
    assert_eq!(patched["due_date"], "2026-07-01");
    assert_eq!(patched["version"], 2);
    let patched = owner
        .patch(&path, json!({"due_date": null}))
        .await
        .expect(200);
    assert_eq!(patched["due_date"], json!(null));
    assert_eq!(
        owner.patch(&path, json!({})).await.expect(200)["version"],
        3
    );
    owner
        .patch(&path, json!({"title": null}))
        .await
        .expect_refused(&["/title"]);
    assert_eq!(
        world.last_event("task.updated").await["changed"],
        json!(["due_date"])
    );

    let path = format!("/projects/{project}");
    let dates = json!({"start_date": "2026-03-02", "color": "#33AAff", "status": "on_hold"});
    owner.patch(&path, dates).await.expect(200);
    owner
        .patch(&path, json!({"end_date": "2026-03-01"}))
        .await
        .expect_refused(&["/end_date"]);
    let patched = owner
        .patch(&path, json!({"end_date": "2026-03-02", "color": null}))
        .await
        .expect(200);
    assert_eq!(
        (&patched["color"], &patched["status"]),
        (&json!(null), &json!("on_hold"))
    );
    world.end().await;
}

#[tokio::test]
async fn keys_are_suggested_numbered_and_refused_when_taken() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    for expected in ["APO", "APO2", "APO3"] {
        let project = owner
            .post("/projects", json!({"name": "Apollo"}))
            .await
            .expect(201);
        assert_eq!(project["key"], expected);
    }
    let taken = json!({"name": "Other", "key": "APO2"});
    owner
        .post("/projects", taken)
        .await
        .expect_problem(409, "key_taken");
    let chosen = json!({"name": "Other", "key": "OTHER"});
    assert_eq!(
        owner.post("/projects", chosen).await.expect(201)["key"],
        "OTHER"
    );
    world.end().await;
}

#[tokio::test]
async fn repeated_post_with_a_key_creates_once() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let path = format!("/projects/{project}/tasks");
    let send = async |title: &str| {
        let request = owner.request(reqwest::Method::POST, &path);
        let request = request
            .header("idempotency-key", "k1")
            .json(&json!({"title": title}));
        crate::client::read(request).await
    };
    let first = send("Once").await.expect(201);
    assert_eq!(send("Once").await.expect(201), first);
    send("Other")
        .await
        .expect_problem(422, "idempotency_key_reused");
    let tasks = owner.get(&path).await.expect(200);
    assert_eq!(tasks["items"].as_array().unwrap().len(), 1);
    let created = world.events().await;
    assert_eq!(
        created
            .iter()
            .filter(|kind| *kind == "task.created")
            .count(),
        1
    );
    world.end().await;
}

#[tokio::test]
async fn answers_of_keyed_requests_are_forgotten_after_a_day() {
    let world = World::new().await;
    let keys = "insert into idempotency_keys (scope, key, fingerprint, created_at)
        select 'test', age || ' hours', '', now() - make_interval(hours => age) from generate_series(20, 30) age";
    sea_orm::sqlx::query(keys)
        .execute(&world.database)
        .await
        .unwrap();
    project_svc::jobs::housekeeping::sweep(&world.state).await;
    let oldest = "select max(key) from idempotency_keys";
    let oldest: String = sea_orm::sqlx::query_scalar(oldest)
        .fetch_one(&world.database)
        .await
        .unwrap();
    assert_eq!(oldest, "24 hours");
    world.end().await;
}
