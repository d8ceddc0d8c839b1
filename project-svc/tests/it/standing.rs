//! Roles in projects and workspaces beside the role in the organization.

use kernel::{Role, UserId};
use sea_orm::sqlx::query;
use serde_json::json;
use uuid::Uuid;

use crate::client::{Person, ids};
use crate::world::World;

async fn close(world: &World, project: &str) {
    let sql = "update projects set is_public = false where id = $1";
    let update = query(sql).bind(project.parse::<Uuid>().unwrap());
    update.execute(&world.database).await.unwrap();
}

async fn give_role(world: &World, project: &str, user: UserId, role: &str) {
    let person =
        "insert into people (id, name, role) values ($1, 'Ada', 'viewer') on conflict do nothing";
    let known = query(person).bind(user.uuid());
    known.execute(&world.database).await.unwrap();
    let sql = "insert into project_members (project_id, user_id, role) values ($1, $2, $3)";
    let insert = query(sql).bind(project.parse::<Uuid>().unwrap());
    let insert = insert.bind(user.uuid()).bind(role);
    insert.execute(&world.database).await.unwrap();
}

async fn projects(person: &Person) -> Vec<String> {
    ids(&person.get("/projects").await.expect(200)["items"])
}

#[tokio::test]
async fn closed_project_is_not_there_for_who_is_not_in_it() {
    let world = World::new().await;
    let manager = world.person(Role::Manager);
    let (project, columns) = manager.project("Apollo").await;
    let task = manager.task(&project, "Fuel").await;
    let path = format!("/tasks/{task}/comments");
    let comment = manager.post(&path, json!({"body": "Hello"})).await;
    let comment = crate::client::text(&comment.expect(201), "id");
    close(&world, &project).await;

    let (admin, owner) = (world.person(Role::Admin), world.person(Role::Owner));
    for path in [
        format!("/projects/{project}"),
        format!("/projects/{project}/boards"),
        format!("/projects/{project}/tasks"),
        format!("/columns/{}/cards", columns[0]),
        format!("/tasks/{task}"),
        format!("/tasks/{task}/comments"),
    ] {
        let _ = admin.get(&path).await.expect_problem(404, "not_found");
        let _ = manager.get(&path).await.expect(200);
        let _ = owner.get(&path).await.expect(200);
    }
    let body = json!({"title": "Mine"});
    admin
        .patch(&format!("/tasks/{task}"), body)
        .await
        .expect(404);
    admin
        .delete(&format!("/comments/{comment}"))
        .await
        .expect(404);
    let body = json!({"kind": "task", "id": task});
    admin.post("/internal/v1/shareable", body).await.expect(404);
    assert!(projects(&admin).await.is_empty());
    assert!(ids(&admin.get("/tasks").await.expect(200)["items"]).is_empty());
    for person in [&manager, &owner] {
        assert_eq!(projects(person).await, std::slice::from_ref(&project));
        assert_eq!(
            ids(&person.get("/tasks").await.expect(200)["items"]),
            std::slice::from_ref(&task)
        );
    }
    world.end().await;
}

#[tokio::test]
async fn role_in_a_project_holds_there_and_nowhere_else() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let viewer = world.person(Role::Viewer);
    let (closed, columns) = owner.project("Apollo").await;
    let (open, _) = owner.project("Gemini").await;
    close(&world, &closed).await;
    give_role(&world, &closed, viewer.id, "manager").await;

    assert_eq!(projects(&viewer).await, [open.clone(), closed.clone()]);
    let task = viewer.task(&closed, "Fuel").await;
    let column = format!("/columns/{}", columns[0]);
    let _ = viewer
        .patch(&column, json!({"name": "Later"}))
        .await
        .expect(200);
    let share = json!({"kind": "task", "id": task});
    let _ = viewer
        .post("/internal/v1/shareable", share)
        .await
        .expect(200);
    viewer
        .delete(&format!("/projects/{closed}"))
        .await
        .expect(403);
    let path = format!("/projects/{open}/tasks");
    let refused = viewer.post(&path, json!({"title": "Fuel"})).await;
    let _ = refused.expect_problem(403, "permission_denied");
    world.end().await;
}
