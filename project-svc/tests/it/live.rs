//! What the gateway asks before it lets somebody into a room.

use kernel::Role;
use serde_json::json;

use crate::client::{Person, text};
use crate::world::World;

/// A project and its board.
async fn board(owner: &Person) -> (String, String) {
    let (project, _) = owner.project("Apollo").await;
    let boards = owner.get(&format!("/projects/{project}/boards")).await;
    let board = text(&boards.expect(200)["items"][0], "id");
    (project, board)
}

#[tokio::test]
async fn who_sees_a_board_may_hear_of_it_and_learns_its_project() {
    let world = World::new().await;
    let (owner, viewer) = (world.person(Role::Owner), world.person(Role::Viewer));
    let (project, board) = board(&owner).await;
    let rooms = |kind: &str, id: &str| format!("/internal/v1/rooms/{kind}/{id}");
    for person in [&owner, &viewer] {
        let place = person.get(&rooms("boards", &board)).await.expect(200);
        assert_eq!(place, json!({"project_id": project}));
        person.get(&rooms("projects", &project)).await.expect(204);
    }
    world
        .nobody()
        .get(&rooms("boards", &board))
        .await
        .expect(401);
    for (kind, id) in [
        ("boards", &project),
        ("projects", &board),
        ("workspaces", &project),
    ] {
        owner
            .get(&rooms(kind, id))
            .await
            .expect_problem(404, "not_found");
    }
    world.end().await;
}

#[tokio::test]
async fn a_private_project_is_heard_of_by_its_members_alone() {
    let world = World::new().await;
    let (inside, outside) = (world.person(Role::Manager), world.person(Role::Manager));
    let (project, board) = board(&inside).await;
    let path = format!("/projects/{project}");
    let projects = format!("/internal/v1/rooms/projects/{project}");
    let boards = format!("/internal/v1/rooms/boards/{board}");
    outside.get(&boards).await.expect(200);
    let closed = json!({"public": false});
    let workspace = text(
        &inside.patch(&path, closed).await.expect(200),
        "workspace_id",
    );
    for path in [&projects, &boards] {
        outside.get(path).await.expect_problem(404, "not_found");
    }
    inside.get(&projects).await.expect(204);
    inside.get(&boards).await.expect(200);
    let workspaces = format!("/internal/v1/rooms/workspaces/{workspace}");
    outside.get(&workspaces).await.expect(204);
    world.end().await;
}
