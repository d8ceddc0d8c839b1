use kernel::{Ids, ProjectId};
use serde_json::{Value, json};

use super::world::World;
use crate::support::tenant;

#[tokio::test]
async fn what_was_told_meanwhile_comes_again_at_another_gateway_too() {
    let world = World::new().await;
    let another = world.another_door().await;
    // What is remembered is whole a few seconds after a gateway has begun to listen.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let user = world.insider();
    let room = world.board_room();
    let mut client = world.at_board(user).await;
    world.tell(&world.updated(1)).await;
    let last = client.event("kanban:card:updated").await["id"].clone();
    drop(client);

    let elsewhere: ProjectId = Ids::system().next();
    let mut foreign = world.updated(8);
    foreign.project_id = elsewhere;
    world.tell(&foreign).await;
    world.tell_of(tenant(world.of + 1), &world.updated(9)).await;
    world.tell(&world.updated(2)).await;
    world.tell(&world.updated(3)).await;

    for door in [&world.door, &another] {
        let mut again = world.client_at(door, user).await;
        let asked = json!({"room": room, "after": last});
        let answer = testkit::eventually("both events are known", 5, async || {
            let answer = again.ask("join", &asked).await;
            (answer["replayed"] == 2).then_some(answer)
        })
        .await;
        assert_eq!(answer["refetch"], false);
        let mut versions: Vec<Value> = Vec::new();
        for _ in 0..2 {
            versions.push(again.event("kanban:card:updated").await["data"]["version"].clone());
        }
        assert_eq!(
            versions,
            [2, 3],
            "no other project's, no other organization's"
        );
        let asked = json!({"room": room, "after": answer["cursor"]});
        assert_eq!(again.ask("join", &asked).await["refetch"], false);
    }
}

#[tokio::test]
async fn who_was_gone_for_longer_than_is_remembered_loads_anew() {
    let world = World::new().await;
    let mut client = world.client(world.insider()).await;
    let room = world.board_room();
    assert_eq!(
        client.joined(&room).await["refetch"],
        true,
        "nothing is said to be known"
    );
    for after in [
        "0192aaaa-0000-7000-8000-000000000008",
        "00000000-0000-4000-8000-000000000000",
    ] {
        let answer = client
            .ask("join", &json!({"room": room, "after": after}))
            .await;
        assert_eq!(
            (&answer["refetch"], &answer["replayed"]),
            (&json!(true), &json!(0)),
            "{after}"
        );
    }
}

#[tokio::test]
async fn more_than_a_client_can_take_is_not_told_again() {
    let world = World::new().await;
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let user = world.insider();
    let mut client = world.at_board(user).await;
    let cursor = client.joined(&world.board_room()).await["cursor"].clone();
    for version in 1..=65 {
        world.tell(&world.updated(version)).await;
    }
    for _ in 1..=65 {
        client.event("kanban:card:updated").await;
    }
    let mut again = world.client(user).await;
    let asked = json!({"room": world.board_room(), "after": cursor});
    assert_eq!(again.ask("join", &asked).await["refetch"], true);
}
