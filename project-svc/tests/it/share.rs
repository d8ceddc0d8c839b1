//! What the shortener may ask.

use httpkit::Service;
use httpkit::tokens::Resource;
use kernel::{Ids, Role, TaskId};
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn member_may_share_an_existing_task_and_a_viewer_none() {
    let world = World::new().await;
    let (owner, viewer) = (world.person(Role::Owner), world.person(Role::Viewer));
    let (project, _) = owner.project("Apollo").await;
    let asked = json!({"kind": "task", "id": owner.task(&project, "Fuel").await});
    let path = "/internal/v1/shareable";
    assert_eq!(owner.post(path, asked.clone()).await.expect(200), asked);
    viewer
        .post(path, asked.clone())
        .await
        .expect_problem(403, "permission_denied");
    world.nobody().post(path, asked).await.expect(401);
    let project = json!({"kind": "task", "id": project});
    owner
        .post(path, project)
        .await
        .expect_problem(404, "not_found");
    let kind = json!({"kind": "project", "id": world.tenant});
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
    let path = format!("/internal/v1/shared/tasks/{id}");
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
        "due_date": null, "updated_at": task["updated_at"],
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
    let path = format!("/internal/v1/shared/tasks/{id}");
    let answer = world
        .get_with_service_token(&path, &token(Service::Shortener, id))
        .await;
    answer.expect(404);
    world.end().await;
}
