use events::Envelope;
use events::topic::board::ColumnUpdated;
use events::topic::project::ProjectMemberAdded;
use events::topic::task::{TaskMoved, TaskTransferred};
use kernel::{Clock, Ids, UserId};
use serde_json::{Value, json};

use super::world::World;
use crate::support::tenant;

fn moved(world: &World) -> TaskMoved {
    let [task, from, to] = [1, 2, 3].map(uuid::Uuid::from_u128);
    serde_json::from_value(json!({
        "task_id": task, "project_id": world.project, "board_id": world.board, "from_column_id": from,
        "to_column_id": to, "version": 4,
    }))
    .unwrap()
}

#[tokio::test]
async fn who_is_in_several_rooms_hears_an_event_once_with_all_a_client_needs() {
    let world = World::new().await;
    let mut client = world.at_board(world.insider()).await;
    client.joined(&world.project_room()).await;
    client.joined(&world.project_room()).await;
    let actor: UserId = Ids::system().next();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let (ids, clock, event) = (Ids::system(), Clock::system(), moved(&world));
    let envelope = Envelope::new(&ids, &clock, "project-svc", tenant(world.of), actor, &event)
        .with_traceparent(Some(trace.to_owned()));
    world.send(&envelope).await;
    world.tell(&world.updated(2)).await;

    let body = client.event("kanban:card:moved").await;
    assert_eq!(body["id"], json!(envelope.id));
    assert_eq!(body["type"], "task.moved");
    assert_eq!(body["actor_id"], json!(actor));
    assert_eq!(body["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(&body["data"], envelope.raw_data());
    let next = client.event("kanban:card:updated").await;
    assert_eq!(next["data"]["version"], 2, "nothing came twice");
}

#[tokio::test]
async fn organizations_hear_nothing_of_each_other_even_in_rooms_of_one_name() {
    let world = World::new().await;
    let user = world.insider();
    let (mut here, mut there) = (world.at_board(user).await, world.stranger(user).await);
    there.joined(&world.board_room()).await;
    world.tell(&world.updated(1)).await;
    world.tell_of(tenant(world.of + 1), &world.updated(2)).await;
    let version = |body: Value| body["data"]["version"].as_i64();
    assert_eq!(version(there.event("kanban:card:updated").await), Some(2));
    assert_eq!(version(here.event("kanban:card:updated").await), Some(1));
    world.tell(&world.updated(3)).await;
    assert_eq!(version(here.event("kanban:card:updated").await), Some(3));
}

#[tokio::test]
async fn who_may_not_see_a_project_hears_nothing_of_it() {
    let world = World::new().await;
    let outsider: UserId = Ids::system().next();
    let workspace = uuid::Uuid::from_u128(9);
    world
        .sight
        .give(outsider, format!("workspaces/{workspace}"), None);
    let mut client = world.client(outsider).await;
    for room in [
        world.board_room(),
        world.project_room(),
        format!("user:{workspace}"),
    ] {
        assert_eq!(client.join(&room).await["code"], "not_found", "{room}");
    }
    client.joined(&format!("workspace:{workspace}")).await;
    world.tell(&world.updated(1)).await;
    world.tell(&moved(&world)).await;
    let member = ProjectMemberAdded {
        project_id: world.project,
        user_id: outsider,
        role: "member".into(),
    };
    world.tell(&member).await;
    let body = client.event("project:member:added").await;
    assert_eq!(body["data"]["user_id"], json!(outsider));
}

#[tokio::test]
async fn a_column_is_told_at_its_own_board_and_what_is_left_is_told_no_more() {
    let world = World::new().await;
    let user = world.insider();
    let other = uuid::Uuid::from_u128(77);
    world
        .sight
        .give(user, format!("boards/{other}"), Some(world.project));
    let mut client = world.client(user).await;
    client.joined(&format!("board:{other}")).await;
    let column: ColumnUpdated = serde_json::from_value(json!({
        "column_id": uuid::Uuid::from_u128(1), "board_id": world.board, "project_id": world.project, "version": 2,
    }))
    .unwrap();
    world.tell(&column).await;
    world.tell(&world.updated(1)).await;
    client.event("kanban:card:updated").await;
    client.joined(&world.board_room()).await;
    world.tell(&column).await;
    client.event("kanban:column:updated").await;

    let leave = json!({"room": format!("board:{other}")});
    assert_eq!(client.ask("leave", &leave).await, json!({"ok": true}));
    client
        .ask("leave", &json!({"room": world.board_room()}))
        .await;
    client.joined(&world.project_room()).await;
    world.tell(&world.updated(2)).await;
    world.tell(&world.updated(3)).await;
    for version in [2, 3] {
        let body = client.event("kanban:card:updated").await;
        assert_eq!(body["data"]["version"], version, "each is told once");
    }
}

#[tokio::test]
async fn a_task_that_goes_elsewhere_is_gone_for_those_it_left_and_no_more() {
    let world = World::new().await;
    let mut left = world.at_board(world.insider()).await;
    let (user, elsewhere) = (Ids::system().next(), uuid::Uuid::from_u128(42));
    world
        .sight
        .give(user, format!("projects/{elsewhere}"), None);
    let mut reached = world.client(user).await;
    reached.joined(&format!("project:{elsewhere}")).await;
    let event: TaskTransferred = serde_json::from_value(json!({
        "task_id": uuid::Uuid::from_u128(1), "from_project_id": world.project, "project_id": elsewhere,
        "status": "todo", "to_column_id": uuid::Uuid::from_u128(3), "version": 5,
    }))
    .unwrap();
    world.tell(&event).await;
    let gone = left.event("kanban:card:deleted").await;
    assert_eq!(gone["data"]["project_id"], json!(world.project));
    assert!(!gone.to_string().contains(&elsewhere.to_string()));
    reached.event("kanban:card:transferred").await;
}

#[tokio::test]
async fn what_is_no_message_is_told_so() {
    let world = World::new().await;
    let mut client = world.client(world.insider()).await;
    for room in [
        "",
        "board",
        "board:x",
        "task:0192aaaa-0000-7000-8000-000000000008",
    ] {
        assert_eq!(client.join(room).await["code"], "room_malformed", "{room}");
    }
    for body in [
        json!(1),
        json!({}),
        json!({"room": "board:x", "more": 1}),
        json!(null),
    ] {
        assert_eq!(
            client.ask("join", &body).await["code"],
            "message_malformed",
            "{body}"
        );
    }
    client.emit("unheard", &json!({})).await;
    client.joined(&world.board_room()).await;
}
