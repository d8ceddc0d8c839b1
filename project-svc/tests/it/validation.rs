//! What bodies are refused for.

use kernel::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{read, text};
use crate::world::World;

#[tokio::test]
async fn fields_that_are_not_the_clients_to_set_are_refused() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    let board = text(
        &owner.get(&format!("/tasks/{task}")).await.expect(200),
        "board_id",
    );
    let alien = [
        "id",
        "tenant_id",
        "created_by",
        "created_at",
        "deleted_at",
        "number",
        "board_id",
        "project_id",
        "completed_at",
    ];
    let writes = [
        (Method::POST, "/projects".to_owned(), json!({"name": "New"})),
        (
            Method::PATCH,
            format!("/projects/{project}"),
            json!({"name": "Other"}),
        ),
        (
            Method::POST,
            format!("/boards/{board}/columns"),
            json!({"name": "New", "category": "todo"}),
        ),
        (
            Method::PATCH,
            format!("/columns/{}", columns[0]),
            json!({"name": "Other"}),
        ),
        (
            Method::POST,
            format!("/projects/{project}/tasks"),
            json!({"title": "New"}),
        ),
        (
            Method::PATCH,
            format!("/tasks/{task}"),
            json!({"title": "Other"}),
        ),
        (
            Method::PUT,
            format!("/tasks/{task}/status"),
            json!({"status": "done"}),
        ),
        (
            Method::PUT,
            format!("/tasks/{task}/assign"),
            json!({"assignee_ids": []}),
        ),
        (
            Method::PUT,
            format!("/cards/{task}/move"),
            json!({"column_id": columns[1]}),
        ),
        (
            Method::POST,
            format!("/tasks/{task}/comments"),
            json!({"body": "New"}),
        ),
    ];
    for (method, path, body) in writes {
        let mut body = body;
        // Where tasks are created `project_id` may be said again: see `details`.
        let alien = alien
            .into_iter()
            .filter(|field| *field != "project_id" || !path.ends_with("/tasks"));
        let alien: Vec<_> = alien.collect();
        for field in &alien {
            body[*field] = json!(world.tenant);
        }
        let answer = read(owner.request(method, &path).json(&body))
            .await
            .expect(422);
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), alien.len(), "{path} {answer:#}");
        assert!(
            errors.iter().all(|error| error["code"] == "unknown_field"),
            "{path}"
        );
    }
    let key = json!({"title": "Other", "key": "APO-9", "status": "done"});
    owner
        .patch(&format!("/tasks/{task}"), key)
        .await
        .expect_refused(&["/key", "/status"]);
    assert_eq!(
        owner.get(&format!("/tasks/{task}")).await.expect(200)["version"],
        1
    );
    world.end().await;
}

#[tokio::test]
async fn limits_of_text_numbers_and_dates_hold() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    let board = text(
        &owner.get(&format!("/tasks/{task}")).await.expect(200),
        "board_id",
    );
    let (projects, tasks) = ("/projects".to_owned(), format!("/projects/{project}/tasks"));
    let (comments, list) = (
        format!("/tasks/{task}/comments"),
        format!("/boards/{board}/columns"),
    );
    let long = |chars: usize| "é".repeat(chars);
    let refused: [(&String, Value, &str); 16] = [
        (&projects, json!({"name": long(201)}), "/name"),
        (&projects, json!({"name": "two\nlines"}), "/name"),
        (&projects, json!({"name": " "}), "/name"),
        (&projects, json!({"name": "x", "color": "red"}), "/color"),
        (&projects, json!({"name": "x", "key": "lower"}), "/key"),
        (
            &projects,
            json!({"name": "x", "start_date": "0001-01-01"}),
            "/start_date",
        ),
        (
            &projects,
            json!({"name": "x", "start_date": "2026-02-30"}),
            "/start_date",
        ),
        (
            &projects,
            json!({"name": "x", "start_date": "2026-02-02", "end_date": "2026-02-01"}),
            "/end_date",
        ),
        (&tasks, json!({"title": "nul\u{0}"}), "/title"),
        (
            &tasks,
            json!({"title": "x", "description": long(50_001)}),
            "/description",
        ),
        (
            &tasks,
            json!({"title": "x", "priority": "critical"}),
            "/priority",
        ),
        (
            &tasks,
            json!({"title": "x", "assignee_ids": vec![world.tenant; 51]}),
            "/assignee_ids",
        ),
        (&comments, json!({"body": long(20_001)}), "/body"),
        (&comments, json!({"body": " \n"}), "/body"),
        (
            &list,
            json!({"name": "x", "category": "todo", "wip_limit": 0}),
            "/wip_limit",
        ),
        (
            &list,
            json!({"name": "x", "category": "todo", "wip_limit": i64::from(i32::MAX) + 1}),
            "/wip_limit",
        ),
    ];
    for (path, body, pointer) in refused {
        owner.post(path, body).await.expect_refused(&[pointer]);
    }
    let position = json!({"column_id": columns[0], "position": -1});
    owner
        .put(&format!("/cards/{task}/move"), position)
        .await
        .expect_refused(&["/position"]);

    let fits = json!({"title": long(200), "description": format!("{}\n\t`'; drop table tasks; --`", long(49_000))});
    let stored = owner.post(&tasks, fits.clone()).await.expect(201);
    assert_eq!(
        (&stored["title"], &stored["description"]),
        (&fits["title"], &fits["description"])
    );
    world.end().await;
}

#[tokio::test]
async fn all_mistakes_are_named_at_once() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let body = json!({"name": "", "color": "red", "nope": 1});
    let answer = owner.post("/projects", body).await.expect(422);
    let mut pointers: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| text(error, "pointer"))
        .collect();
    pointers.sort();
    pointers.dedup();
    assert_eq!(pointers, ["/color", "/name", "/nope"]);
    let request = owner.request(Method::POST, "/projects").body("name=x");
    read(request)
        .await
        .expect_problem(415, "unsupported_media_type");
    world.end().await;
}
