//! What the shortener may ask.

use httpkit::Service;
use httpkit::tokens::Resource;
use kernel::{Ids, Role, TaskId, UserId};
use sea_orm::sqlx;
use serde_json::json;

use crate::client::Answer;
use crate::world::World;

#[tokio::test]
async fn member_may_share_an_existing_task_and_a_viewer_none() {
    let world = World::new().await;
    let (owner, viewer) = (world.person(Role::Owner), world.person(Role::Viewer));
    let (project, _) = owner.project("Apollo").await;
    let asked = json!({"resource": format!("task:{}", owner.task(&project, "Fuel").await)});
    let path = "/internal/v1/shareable";
    assert_eq!(owner.post(path, asked.clone()).await.expect(200), asked);
    viewer
        .post(path, asked.clone())
        .await
        .expect_problem(403, "permission_denied");
    world.nobody().post(path, asked).await.expect(401);
    let confused = json!({"resource": format!("task:{project}")});
    owner
        .post(path, confused)
        .await
        .expect_problem(404, "not_found");
    let asked = json!({"resource": format!("project:{project}")});
    owner.post(path, asked.clone()).await.expect(200);
    viewer.post(path, asked).await.expect(403);
    let kind = json!({"resource": format!("user:{}", owner.id)});
    owner.post(path, kind).await.expect(422);
    world.end().await;
}

#[tokio::test]
async fn guest_sees_the_one_task_of_the_token_and_nothing_of_people() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    let body = json!({"title": "Fuel", "description": "*lots*", "assignee_ids": [owner.id]});
    let task = owner
        .post(&format!("/projects/{project}/tasks"), body)
        .await
        .expect(201);
    let id: TaskId = task["id"].as_str().unwrap().parse().unwrap();
    let path = format!("/internal/v1/shared/tasks/{id}?by={}", owner.id);
    let token = |service, id: TaskId| {
        let signer = World::signer_of(service);
        signer
            .token_for(Service::ProjectSvc, world.tenant, Resource::Task(id))
            .unwrap()
    };
    let seen = world
        .get_with_service_token(&path, &token(Service::Shortener, id))
        .await
        .expect(200);
    let expected = json!({
        "key": "APO-1", "title": "Fuel", "description": "*lots*", "status": "todo", "priority": "medium",
        "due_date": null, "updated_at": task["updated_at"], "people": [], "comments": [],
    });
    assert_eq!(seen, expected);

    let other: TaskId = Ids::system().next();
    let answer = world
        .get_with_service_token(&path, &token(Service::Shortener, other))
        .await;
    answer.expect_problem(404, "not_found");
    let answer = world
        .get_with_service_token(&path, &token(Service::Gateway, id))
        .await;
    answer.expect_problem(403, "service_not_allowed");
    let path = format!("/api/v1/tasks/{id}");
    let answer = world
        .get_with_service_token(&path, &token(Service::Shortener, id))
        .await;
    answer.expect(401);
    owner.delete(&format!("/tasks/{id}")).await.expect(204);
    let path = format!("/internal/v1/shared/tasks/{id}?by={}", owner.id);
    let answer = world
        .get_with_service_token(&path, &token(Service::Shortener, id))
        .await;
    answer.expect(404);
    world.end().await;
}

/// What the shortener gets for a thing with the token of that thing.
async fn shared(world: &World, token_for: Resource, path: &str) -> Answer {
    let token = World::signer_of(Service::Shortener);
    let token = token.token_for(Service::ProjectSvc, world.tenant, token_for);
    world.get_with_service_token(path, &token.unwrap()).await
}

fn resource(kind: &str, id: impl std::fmt::Display) -> Resource {
    format!("{kind}:{id}").parse().unwrap()
}

#[tokio::test]
async fn guest_reads_boards_projects_and_views_by_the_token_of_each_alone() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, columns) = owner.project("Apollo").await;
    let (other, _) = owner.project("Gemini").await;
    let secret = owner.task(&other, "Secret").await;
    for title in ["Fuel", "Crew"] {
        let body = json!({"title": title, "assignee_ids": [owner.id], "column_id": columns[0]});
        let path = format!("/projects/{project}/tasks");
        owner.post(&path, body).await.expect(201);
    }
    let boards = owner
        .get(&format!("/projects/{project}/boards"))
        .await
        .expect(200);
    let board = boards["items"][0]["id"].as_str().unwrap().to_owned();
    let body = json!({"name": "Fuelling", "project_id": project, "filter": "fuel assignee:me", "shared": true});
    let view = owner.post("/views", body).await.expect(201);
    let view = view["id"].as_str().unwrap().to_owned();

    let things = [
        ("board", board),
        ("project", project.clone()),
        ("view", view),
    ];
    for (kind, id) in &things {
        let path = format!("/internal/v1/shared/{kind}s/{id}?by={}", owner.id);
        let plain = shared(&world, resource(kind, id), &path).await.expect(200);
        let text = plain.to_string();
        assert!(text.contains("Fuel") && !text.contains("Secret"), "{text}");
        assert_eq!(text.contains("Crew"), *kind != "view", "{text}");
        assert!(
            !text.contains("Ada") && !text.contains(&owner.id.to_string()),
            "{text}"
        );
        let named = format!("{path}&people=true");
        let named = shared(&world, resource(kind, id), &named).await.expect(200);
        assert!(named.to_string().contains("Ada"), "{named}");

        // Tokens of other things, of this kind or another, open nothing.
        for token in things.iter().map(|(kind, id)| resource(kind, id)) {
            let opened = shared(&world, token, &path).await;
            opened.expect(if token == resource(kind, id) {
                200
            } else {
                404
            });
        }
        for token in [resource(kind, &secret), resource("task", &secret)] {
            shared(&world, token, &path).await.expect(404);
        }
        let asked = json!({"resource": format!("{kind}:{id}")});
        owner
            .post("/internal/v1/shareable", asked)
            .await
            .expect(200);
    }
    world.end().await;
}

#[tokio::test]
async fn views_of_ones_own_or_over_all_projects_are_not_shown_to_guests() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let (project, _) = owner.project("Apollo").await;
    for body in [
        json!({"name": "Mine", "project_id": project}),
        json!({"name": "All", "shared": true}),
    ] {
        let view = owner.post("/views", body).await.expect(201);
        let id = view["id"].as_str().unwrap();
        let asked = json!({"resource": format!("view:{id}")});
        let asked = owner.post("/internal/v1/shareable", asked).await;
        asked.expect_problem(422, "not_shareable");
        let path = format!("/internal/v1/shared/views/{id}?by={}", owner.id);
        shared(&world, resource("view", id), &path)
            .await
            .expect(404);
    }
    world.end().await;
}

#[tokio::test]
async fn comments_are_shown_where_asked_for_and_tell_people_apart_without_names() {
    let world = World::new().await;
    let (owner, other) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Apollo").await;
    let task = owner.task(&project, "Fuel").await;
    for (who, body) in [
        (&owner, format!("ask @[Ada](user:{})", other.id)),
        (&other, "done".to_owned()),
        (&owner, "thanks".to_owned()),
    ] {
        let path = format!("/tasks/{task}/comments");
        who.post(&path, json!({"body": body})).await.expect(201);
    }
    let read = async |query: &str| {
        let path = format!("/internal/v1/shared/tasks/{task}?by={}{query}", owner.id);
        shared(&world, resource("task", &task), &path)
            .await
            .expect(200)
    };
    assert_eq!(read("").await["comments"], json!([]));
    let told = |seen: serde_json::Value| {
        let comments = seen["comments"].as_array().unwrap().clone();
        let line = |one: &serde_json::Value| {
            format!("{}: {}", one["author"], one["body"]).replace('"', "")
        };
        comments.iter().map(line).collect::<Vec<_>>()
    };
    let unnamed = told(read("&comments=true").await);
    assert_eq!(
        unnamed,
        [
            "Person 1: ask @somebody",
            "Person 2: done",
            "Person 1: thanks"
        ]
    );
    let named = told(read("&comments=true&people=true").await);
    assert!(
        named.iter().all(|line| line.starts_with("Ada: ")),
        "{named:?}"
    );
    world.end().await;
}

#[tokio::test]
async fn link_shows_nothing_once_its_maker_sees_nothing() {
    let world = World::new().await;
    let (owner, maker) = (world.person(Role::Owner), world.person(Role::Member));
    let (project, _) = owner.project("Apollo").await;
    let task = maker.task(&project, "Fuel").await;
    let read = async |by: UserId| {
        let path = format!("/internal/v1/shared/tasks/{task}?by={by}");
        shared(&world, resource("task", &task), &path).await
    };
    read(maker.id).await.expect(200);
    read(Ids::system().next()).await.expect(404);
    let path = format!("/internal/v1/shared/tasks/{task}");
    shared(&world, resource("task", &task), &path)
        .await
        .expect(422);
    sqlx::query("update projects set is_public = false")
        .execute(&world.database)
        .await
        .unwrap();
    read(maker.id).await.expect(404);
    read(owner.id).await.expect(200);
    sqlx::query("update people set active = false")
        .execute(&world.database)
        .await
        .unwrap();
    read(owner.id).await.expect(404);
    world.end().await;
}
