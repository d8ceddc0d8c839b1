use std::time::Duration;

use futures::{SinkExt, StreamExt};
use gateway::Config;
use kernel::{Ids, Role, UserId};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, Packet, dial, next};
use super::world::World;
use crate::support::config;

#[tokio::test]
async fn connections_of_a_person_and_of_an_organization_are_counted_and_given_back() {
    let limits = Config {
        live_connections_per_user: 2,
        live_connections_per_organization: 3,
        ..config()
    };
    let world = World::with(&limits).await;
    let user: UserId = Ids::system().next();
    let (first, _second) = (world.client(user).await, world.client(user).await);
    let host = world.host();
    let refused = async |user: UserId| {
        let bearer = format!(
            "Bearer {}",
            world.door.token_of_person(world.of, user, Role::Member)
        );
        let headers = [("host", &*host), ("authorization", &bearer)];
        dial(&world.door, &headers).await.err()
    };
    assert_eq!(refused(user).await, Some(429));
    let third: UserId = Ids::system().next();
    let _third = world.client(third).await;
    assert_eq!(
        refused(Ids::system().next()).await,
        Some(429),
        "of the organization"
    );
    world.stranger(user).await;
    drop(first);
    testkit::eventually("there is room again", 5, async || {
        refused(user).await.is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn rooms_of_a_connection_are_counted() {
    let world = World::new().await;
    let user = world.insider();
    let mut client = world.client(user).await;
    for number in 0..50u128 {
        let id = uuid::Uuid::from_u128(number);
        world.sight.give(user, format!("projects/{id}"), None);
        client.joined(&format!("project:{id}")).await;
        // Within what a client may send in a second.
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(
        client.join(&world.board_room()).await["code"],
        "too_many_rooms"
    );
    client
        .joined(&format!("project:{}", uuid::Uuid::from_u128(7)))
        .await;
    client
        .ask(
            "leave",
            &json!({"room": format!("project:{}", uuid::Uuid::from_u128(7))}),
        )
        .await;
    client.joined(&world.board_room()).await;
}

#[tokio::test]
async fn who_sends_too_much_or_too_much_at_once_is_out() {
    let world = World::new().await;
    let mut client = world.client(world.insider()).await;
    for _ in 0..60 {
        let event = Message::text("42[\"anything\",{}]");
        let _ = client.line.send(event).await;
    }
    assert_eq!(client.end().await, "too_many_messages");

    let mut client = world.client(world.insider()).await;
    let large = format!("42[\"join\",\"{}\"]", "x".repeat(17 * 1024));
    let _ = client.line.send(Message::text(large)).await;
    assert_eq!(next(&mut client.line).await, Packet::End);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_and_holds_up_nobody() {
    const EVENTS: i32 = 700;
    let world = World::new().await;
    let mut slow = world.at_board(world.insider()).await;
    let mut quick: Client = world.at_board(world.insider()).await;
    let reads = tokio::spawn(async move {
        for version in 1..=EVENTS {
            let body = quick.event("kanban:card:updated").await;
            assert_eq!(body["data"]["version"], version);
        }
    });
    for version in 1..=EVENTS {
        let mut event = world.updated(version);
        event.changed = vec!["x".repeat(30_000)];
        world.tell(&event).await;
    }
    reads.await.unwrap();
    // What the network held for it still comes; then the line is cut, without the rest.
    let mut came = 0;
    let whole = tokio::time::timeout(Duration::from_secs(10), async {
        while let Some(Ok(_)) = slow.line.next().await {
            came += 1;
        }
    });
    whole.await.expect("the line is cut");
    assert!(came < EVENTS, "{came} came");
}
