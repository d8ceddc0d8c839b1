use serde_json::{Value, json};

use super::world::World;

fn state(body: &Value) -> (&str, &str) {
    (
        body["client_id"].as_str().unwrap(),
        body["state"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn who_looks_and_who_drags_is_seen_at_every_gateway_until_they_go() {
    let world = World::new().await;
    let another = world.another_door().await;
    let (user, other) = (world.insider(), world.insider());
    let room = world.board_room();
    let mut here = world.at_board(user).await;
    let mut there = world.client_at(&another, other).await;
    there.joined(&room).await;
    let id = here.welcome["client_id"].as_str().unwrap().to_owned();

    here.emit("presence", &json!({"room": room, "state": "looking"}))
        .await;
    let seen = there.event("presence:changed").await;
    assert_eq!(state(&seen), (id.as_str(), "looking"));
    assert_eq!(
        (&seen["room"], &seen["user_id"]),
        (&json!(room), &json!(user))
    );

    let task = uuid::Uuid::from_u128(5);
    let drags = json!({"room": room, "state": "dragging", "task_id": task});
    here.emit("presence", &drags).await;
    let seen = there.event("presence:changed").await;
    assert_eq!(state(&seen), (id.as_str(), "dragging"));
    assert_eq!(seen["task_id"], json!(task));

    let mut late = world.client_at(&another, other).await;
    let shown = late.joined(&room).await["presence"].clone();
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!(state(&shown[0]), (id.as_str(), "dragging"));

    drop(here);
    let seen = there.event("presence:changed").await;
    assert_eq!(state(&seen), (id.as_str(), "gone"));
    assert_eq!(late.joined(&room).await["presence"], json!([]));
}

#[tokio::test]
async fn a_gateway_that_comes_later_asks_who_is_there() {
    let world = World::new().await;
    let user = world.insider();
    let mut here = world.at_board(user).await;
    here.emit(
        "presence",
        &json!({"room": world.board_room(), "state": "looking"}),
    )
    .await;
    let another = world.another_door().await;
    let mut there = world.client_at(&another, user).await;
    testkit::eventually("those of the other gateway are known", 5, async || {
        let shown = there.joined(&world.board_room()).await["presence"].clone();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        (shown.as_array().unwrap().len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn presence_is_of_who_is_in_the_room_and_what_comes_quickly_is_told_once() {
    let world = World::new().await;
    let (mut watcher, mut other) = (
        world.at_board(world.insider()).await,
        world.client(world.insider()).await,
    );
    let room = world.board_room();
    other
        .emit("presence", &json!({"room": room, "state": "looking"}))
        .await;
    other.joined(&room).await;
    for number in 0..10u128 {
        let task = uuid::Uuid::from_u128(number);
        other
            .emit(
                "presence",
                &json!({"room": room, "state": "dragging", "task_id": task}),
            )
            .await;
    }
    let mut told = 0;
    loop {
        let seen = watcher.event("presence:changed").await;
        assert_eq!(seen["state"], "dragging", "nobody outside is shown");
        told += 1;
        if seen["task_id"] == json!(uuid::Uuid::from_u128(9)) {
            break;
        }
    }
    assert!(told <= 3, "{told} were told");
    other.ask("leave", &json!({"room": room})).await;
    assert_eq!(watcher.event("presence:changed").await["state"], "gone");
}
