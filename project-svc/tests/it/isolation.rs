//! Nobody reaches what is not theirs: other organizations, other projects, things of other kinds.

use kernel::{Ids, Role, TenantId};
use reqwest::Method;
use serde_json::json;

use crate::client::read;
use crate::world::World;

#[tokio::test]
async fn token_of_another_organization_is_refused() {
    let world = World::new().await;
    let other: TenantId = Ids::system().next();
    let stranger = world.stranger(Role::Owner, other);
    let answer = stranger.get("/projects").await;
    answer.expect_problem(401, "token_of_other_organization");
    world.end().await;
}

#[tokio::test]
async fn port_answers_nobody_but_the_gateway() {
    let world = World::new().await;
    let bare = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = read(bare.get(format!("{}/api/v1/projects", world.base))).await;
    answer.expect_problem(401, "service_token_required");
    world.end().await;
}

#[tokio::test]
async fn ids_of_other_kinds_and_no_ids_at_all_are_not_found() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    for path in [
        format!("/tasks/{project}"),
        format!("/projects/{task}"),
        format!("/boards/{}", columns[0]),
        format!("/columns/{task}/cards"),
        "/tasks/1".to_owned(),
        "/tasks/%27%20or%201=1".to_owned(),
        "/projects/..%2f..%2fetc".to_owned(),
    ] {
        owner.get(&path).await.expect_problem(404, "not_found");
    }
    owner.delete(&format!("/comments/{task}")).await.expect(404);
    world.end().await;
}

#[tokio::test]
async fn references_into_another_project_are_refused() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let (other, foreign_columns) = owner.project("Gemini").await;
    let (task, foreign) = (
        owner.task(&project, "Fuel").await,
        owner.task(&other, "Crew").await,
    );

    let path = format!("/cards/{task}/move");
    let column = json!({"column_id": foreign_columns[0]});
    owner
        .put(&path, column)
        .await
        .expect_refused(&["/column_id"]);
    let neighbour = json!({"column_id": columns[0], "before_id": foreign});
    owner
        .put(&path, neighbour)
        .await
        .expect_refused(&["/before_id"]);
    let created = json!({"title": "Fuel", "column_id": foreign_columns[0]});
    let created = owner
        .post(&format!("/projects/{project}/tasks"), created)
        .await;
    created.expect_refused(&["/column_id"]);
    let column = format!("/columns/{}", columns[0]);
    let beside = json!({"after_id": foreign_columns[0]});
    owner
        .patch(&column, beside)
        .await
        .expect_refused(&["/after_id"]);

    assert_eq!(owner.cards(&columns[0]).await, [task]);
    assert_eq!(owner.cards(&foreign_columns[0]).await, [foreign]);
    // What was refused took no number.
    let next = owner
        .post(
            &format!("/projects/{project}/tasks"),
            json!({"title": "Next"}),
        )
        .await;
    assert_eq!(next.expect(201)["key"], "APO-2");
    world.end().await;
}

#[tokio::test]
async fn deleted_task_is_gone_for_every_operation() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    owner.delete(&format!("/tasks/{task}")).await.expect(204);
    for (method, path, body) in [
        (Method::GET, format!("/tasks/{task}"), json!({})),
        (
            Method::PATCH,
            format!("/tasks/{task}"),
            json!({"title": "Other"}),
        ),
        (Method::DELETE, format!("/tasks/{task}"), json!({})),
        (
            Method::PUT,
            format!("/tasks/{task}/status"),
            json!({"status": "done"}),
        ),
        (
            Method::PUT,
            format!("/cards/{task}/move"),
            json!({"column_id": columns[1]}),
        ),
        (
            Method::POST,
            format!("/tasks/{task}/comments"),
            json!({"body": "Hello"}),
        ),
    ] {
        let answer = read(owner.request(method, &path).json(&body)).await;
        answer.expect_problem(404, "not_found");
    }
    world.end().await;
}
