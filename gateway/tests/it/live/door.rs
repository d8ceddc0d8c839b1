use std::time::Duration;

use futures::SinkExt;
use httpkit::browser::ACCESS_COOKIE;
use kernel::{Ids, Role};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, Packet, dial, dial_at, next};
use super::world::World;
use crate::support::{ACME, Door, GLOBEX, config};

const ORIGIN: &str = "http://acme.pm.test:8080";

/// Opens a session by polling and answers its id.
async fn polled(door: &Door, host: &str, bearer: &str) -> String {
    let headers = format!("authorization: Bearer {bearer}\r\n");
    let path = "/socket.io/?EIO=4&transport=polling";
    let answer = door.send("GET", host, path, &headers).await;
    assert_eq!(answer.status, 200);
    let open: serde_json::Value = serde_json::from_slice(&answer.body[1..]).unwrap();
    open["sid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_page_of_another_site_opens_no_connection_with_somebodys_cookies() {
    let door = Door::open(&config());
    let token = door.token(ACME);
    let cookie = format!("{ACCESS_COOKIE}={token}");
    let bearer = format!("Bearer {token}");
    let cookie = ("cookie", cookie.as_str());
    let own = ("origin", ORIGIN);
    assert!(dial(&door, &[cookie, own]).await.is_ok());
    for origin in [
        "http://evil.test",
        "http://globex.pm.test:8080",
        "http://pm.test:8080",
        "null",
    ] {
        let refused = dial(&door, &[cookie, ("origin", origin)]).await;
        assert_eq!(refused.unwrap_err(), 403, "{origin}");
        let by_token = dial(&door, &[("authorization", &bearer), ("origin", origin)]).await;
        assert_eq!(by_token.unwrap_err(), 403, "{origin}");
        let headers = format!("cookie: {}\r\norigin: {origin}\r\n", cookie.1);
        for path in [
            "/socket.io/?EIO=4&transport=polling",
            "/socket.io/?EIO=4&transport=polling&sid=x",
        ] {
            for method in ["GET", "POST"] {
                let answer = door.send(method, "acme.pm.test", path, &headers).await;
                assert_eq!(
                    (answer.status, answer.code()),
                    (403, "origin_refused".into())
                );
            }
        }
    }
    assert_eq!(
        dial(&door, &[cookie]).await.unwrap_err(),
        403,
        "a browser names its page"
    );
    assert!(dial(&door, &[("authorization", &bearer)]).await.is_ok());
}

#[tokio::test]
async fn nobody_comes_in_without_a_token_of_the_organization() {
    let door = Door::open(&config());
    assert_eq!(dial(&door, &[]).await.unwrap_err(), 401);
    let elsewhere = format!("Bearer {}", door.token(GLOBEX));
    assert_eq!(
        dial(&door, &[("authorization", &elsewhere)])
            .await
            .unwrap_err(),
        401
    );
    let here = format!("Bearer {}", door.token(ACME));
    let unknown = [("authorization", here.as_str()), ("host", "nobody.pm.test")];
    assert_eq!(dial(&door, &unknown).await.unwrap_err(), 404);
    let bare = [("authorization", here.as_str()), ("host", "pm.test")];
    assert_eq!(dial(&door, &bare).await.unwrap_err(), 404);
}

#[tokio::test]
async fn who_knows_the_id_of_anothers_connection_cannot_speak_for_it() {
    let door = Door::open(&config());
    let (own, other) = (door.token(ACME), door.token(ACME));
    let sid = polled(&door, "acme.pm.test", &own).await;
    let send = async |token: &str, body: &str| {
        let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        let lines = format!(
            "authorization: Bearer {token}\r\ncontent-length: {}\r\n",
            body.len()
        );
        let request = format!("POST {path} HTTP/1.1\r\nhost: acme.pm.test\r\n{lines}\r\n{body}");
        door.raw(&request).await
    };
    assert_eq!(send(&own, "40").await.status, 200);
    testkit::eventually("the connection is known", 5, async || {
        let answer = send(&other, "42[\"join\",{}]").await;
        (answer.code() == "connection_of_other").then_some(())
    })
    .await;
    let bearer = format!("Bearer {other}");
    let path = format!("/socket.io/?EIO=4&transport=websocket&sid={sid}");
    let taken = dial_at(&door, &path, &[("authorization", &bearer)]).await;
    assert_eq!(taken.unwrap_err(), 403);
}

#[tokio::test]
async fn a_polling_client_goes_on_by_websocket_and_hears_events() {
    let world = World::new().await;
    let user = world.insider();
    let token = world.door.token_of_person(world.of, user, Role::Member);
    let sid = polled(&world.door, &world.host(), &token).await;
    let bearer = format!("Bearer {token}");
    let path = format!("/socket.io/?EIO=4&transport=websocket&sid={sid}");
    let mut line = dial_at(
        &world.door,
        &path,
        &[("host", &world.host()), ("authorization", &bearer)],
    )
    .await
    .unwrap();
    line.send(Message::text("2probe")).await.unwrap();
    assert_eq!(next(&mut line).await, Packet::Other("3probe".into()));
    line.send(Message::text("5")).await.unwrap();
    line.send(Message::text("40")).await.unwrap();
    assert!(matches!(next(&mut line).await, Packet::Other(sid) if sid.starts_with("40")));
    assert!(matches!(next(&mut line).await, Packet::Event(name, _) if name == "welcome"));
    let join = format!("420{}", json!(["join", {"room": world.board_room()}]));
    line.send(Message::text(join)).await.unwrap();
    assert!(matches!(next(&mut line).await, Packet::Ack(answer) if answer["ok"] == true));
    world.tell(&world.updated(1)).await;
    assert!(
        matches!(next(&mut line).await, Packet::Event(name, _) if name == "kanban:card:updated")
    );
}

#[tokio::test]
async fn a_gateway_that_leaves_lets_go_so_that_clients_come_back_elsewhere() {
    let world = World::new().await;
    let user = Ids::system().next();
    let mut client = world.client(user).await;
    world.door.leave();
    let mut last = next(&mut client.line).await;
    if last == Packet::Other("1".into()) {
        last = next(&mut client.line).await;
    }
    assert_eq!(
        last,
        Packet::End,
        "no packet says that the client must not come back"
    );
    let bearer = format!("Bearer {}", world.door.token(world.of));
    assert_eq!(
        dial(
            &world.door,
            &[("host", &world.host()), ("authorization", &bearer)]
        )
        .await
        .unwrap_err(),
        503
    );
}

#[tokio::test]
async fn a_silent_connection_outlives_the_deadlines_of_requests() {
    let world = World::new().await;
    let user = world.insider();
    let mut client: Client = world.at_board(user).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    world.tell(&world.updated(1)).await;
    client.event("kanban:card:updated").await;
}
