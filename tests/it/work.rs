//! Step 4: projects, boards, columns, tasks.

use e2e::Organization;
use futures::future::join_all;
use kernel::Role;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::Site;

fn id(value: &Value) -> &str {
    value["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no id in {value}"))
}

async fn titles(api: &Site, column: &Value) -> Vec<String> {
    let cards = api
        .get(&format!(
            "/api/v1/columns/{}/cards",
            column.as_str().unwrap()
        ))
        .await
        .expect(200)
        .json();
    cards["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|card| card["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn project_comes_with_a_board_and_tasks_get_keys() {
    let acme = Organization::sign_up().await;
    let (project, columns) = acme.project("Apollo").await;
    assert_eq!(project["key"], "APO");
    for category in ["todo", "in_progress", "review", "done"] {
        assert!(columns[category].is_string(), "{category} in {columns}");
    }
    let first = acme.task(&project, "Build the rocket").await;
    let second = acme.task(&project, "Fly").await;
    assert_eq!(
        (first["key"].as_str(), second["key"].as_str()),
        (Some("APO-1"), Some("APO-2"))
    );
    assert_eq!(first["status"], "todo");
}

#[tokio::test]
async fn tasks_are_assigned_commented_and_change_status() {
    let acme = Organization::sign_up().await;
    let member = acme.join(Role::Member).await;
    let (project, columns) = acme.project("Apollo").await;
    let task = acme.task(&project, "Build").await;
    let path = format!("/api/v1/tasks/{}", id(&task));

    let assign = json!({"assignee_ids": [member.id]});
    let assigned = acme
        .owner
        .api
        .put(&format!("{path}/assign"), &assign)
        .await
        .expect(200)
        .json();
    assert!(assigned.to_string().contains(&member.id.to_string()));
    let mine = member
        .api
        .get("/api/v1/tasks?assignee=me")
        .await
        .expect(200)
        .json();
    assert_eq!(id(&mine["items"][0]), id(&task));

    let comment = member
        .api
        .post(&format!("{path}/comments"), &json!({"body": "On **it**"}))
        .await
        .expect(201)
        .json();
    let comments = acme
        .owner
        .api
        .get(&format!("{path}/comments"))
        .await
        .expect(200)
        .json();
    assert_eq!(id(&comments["items"][0]), id(&comment));

    let done = member
        .api
        .put(&format!("{path}/status"), &json!({"status": "done"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (done["status"].as_str(), &done["column_id"]),
        (Some("done"), &columns["done"])
    );
    assert!(done["completed_at"].is_string());
    let back = member
        .api
        .put(&format!("{path}/status"), &json!({"status": "in_progress"}))
        .await
        .expect(200)
        .json();
    assert!(back["completed_at"].is_null());
}

#[tokio::test]
async fn cards_move_within_and_between_columns() {
    let acme = Organization::sign_up().await;
    let (project, columns) = acme.project("Apollo").await;
    let mut tasks = Vec::new();
    for title in ["a", "b", "c"] {
        tasks.push(acme.task(&project, title).await);
    }
    let api = &acme.owner.api;
    let place = async |task: &Value, body: Value| {
        api.put(&format!("/api/v1/cards/{}/move", id(task)), &body)
            .await
            .expect(200)
            .json()
    };
    let todo = &columns["todo"];
    assert_eq!(titles(api, todo).await, ["a", "b", "c"]);
    place(
        &tasks[2],
        json!({"column_id": todo, "before_id": id(&tasks[0])}),
    )
    .await;
    assert_eq!(titles(api, todo).await, ["c", "a", "b"]);
    place(
        &tasks[2],
        json!({"column_id": todo, "after_id": id(&tasks[0])}),
    )
    .await;
    assert_eq!(titles(api, todo).await, ["a", "c", "b"]);
    let moved = place(
        &tasks[1],
        json!({"column_id": columns["review"], "position": 0}),
    )
    .await;
    assert_eq!(moved["status"], "review");
    assert_eq!(titles(api, todo).await, ["a", "c"]);
    assert_eq!(titles(api, &columns["review"]).await, ["b"]);
}

#[tokio::test]
async fn card_does_not_move_to_a_column_of_another_project() {
    let acme = Organization::sign_up().await;
    let (apollo, _) = acme.project("Apollo").await;
    let (_, foreign) = acme.project("Gemini").await;
    let task = acme.task(&apollo, "Stay").await;
    let path = format!("/api/v1/cards/{}/move", id(&task));
    let answer = acme
        .owner
        .api
        .put(&path, &json!({"column_id": foreign["todo"]}))
        .await;
    assert!(
        [404, 422].contains(&answer.status.as_u16()),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_hundred_moves_at_once_lose_and_double_nothing() {
    let acme = Organization::sign_up().await;
    let (project, columns) = acme.project("Apollo").await;
    let tasks = join_all((0..10).map(|number| {
        let (acme, project) = (&acme, &project);
        async move { acme.task(project, &format!("task {number}")).await }
    }))
    .await;
    let (acme, columns, tasks) = (&acme, &columns, &tasks);
    let moves = (0..100).map(|number| async move {
        let task = &tasks[number % tasks.len()];
        let column = &columns[["todo", "review"][number % 2]];
        let path = format!("/api/v1/cards/{}/move", id(task));
        acme.owner
            .api
            .put(&path, &json!({"column_id": column, "position": number % 5}))
            .await
            .status
            .as_u16()
    });
    let statuses = join_all(moves).await;
    assert!(
        statuses.iter().all(|status| [200, 409].contains(status)),
        "{statuses:?}"
    );
    let mut all = titles(&acme.owner.api, &columns["todo"]).await;
    all.extend(titles(&acme.owner.api, &columns["review"]).await);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 10);
}

#[tokio::test]
async fn of_two_writers_one_wins() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let task = acme.task(&project, "Build").await;
    let api = &acme.owner.api;
    let path = format!("/api/v1/tasks/{}", id(&task));
    let read = api.get(&path).await.expect(200);
    let etag = read.header("etag").expect("an ETag").to_owned();
    let change = async |title: &str| {
        let request = api
            .request(Method::PATCH, &path)
            .json(&json!({"title": title}));
        api.send(request.header("if-match", &etag))
            .await
            .status
            .as_u16()
    };
    let mut statuses = [change("mine").await, change("yours").await];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let stale = json!({"title": "late", "version": read.json()["version"]});
    let _ = api.patch(&path, &stale).await.expect(409);
}

#[tokio::test]
async fn pages_stay_stable_while_tasks_are_added() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    for number in 0..5 {
        acme.task(&project, &format!("task {number}")).await;
    }
    let base = format!("/api/v1/projects/{}/tasks?limit=2", id(&project));
    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let path = cursor
            .as_ref()
            .map_or_else(|| base.clone(), |cursor| format!("{base}&cursor={cursor}"));
        let page = acme.owner.api.get(&path).await.expect(200).json();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|task| id(task).to_owned()),
        );
        if seen.len() == 2 {
            acme.task(&project, "added meanwhile").await;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(all, seen.len(), "no task twice");
    assert!(all >= 5, "no task missing");
}

#[tokio::test]
async fn same_idempotency_key_makes_one_task() {
    let acme = Organization::sign_up().await;
    let (project, _) = acme.project("Apollo").await;
    let path = format!("/api/v1/projects/{}/tasks", id(&project));
    let api = &acme.owner.api;
    let create = async |title: &str| {
        let request = api
            .request(Method::POST, &path)
            .json(&json!({"title": title}));
        api.send(request.header("idempotency-key", "create-once"))
            .await
    };
    let answers = join_all((0..4).map(|_| create("Once"))).await;
    let mut ids: Vec<String> = answers
        .into_iter()
        .filter(|answer| answer.status == 201)
        .map(|answer| id(&answer.json()).to_owned())
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    create("Other")
        .await
        .expect_problem(422, "idempotency_key_reused");
    let tasks = api.get(&path).await.expect(200).json();
    assert_eq!(tasks["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn things_of_another_organization_are_not_there() {
    let (acme, globex) = tokio::join!(Organization::sign_up(), Organization::sign_up());
    let (project, columns) = acme.project("Apollo").await;
    let task = acme.task(&project, "Secret").await;
    let stranger = &globex.owner.api;
    for path in [
        format!("/api/v1/projects/{}", id(&project)),
        format!("/api/v1/tasks/{}", id(&task)),
        format!("/api/v1/tasks/{}/comments", id(&task)),
        format!(
            "/api/v1/columns/{}/cards",
            columns["todo"].as_str().unwrap()
        ),
    ] {
        stranger.get(&path).await.expect_problem(404, "not_found");
    }
    let path = format!("/api/v1/tasks/{}", id(&task));
    stranger
        .patch(&path, &json!({"title": "mine"}))
        .await
        .expect_problem(404, "not_found");
    stranger
        .delete(&path)
        .await
        .expect_problem(404, "not_found");
}
