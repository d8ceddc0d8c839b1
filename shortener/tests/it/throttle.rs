//! Guessing passwords.

use chrono::TimeDelta;
use http::StatusCode;
use httpkit::CLIENT_ADDRESS_HEADER;
use kernel::Role;
use serde_json::json;

use crate::world::{World, browse, path, submit};

#[tokio::test]
async fn guesser_is_stopped_and_others_and_those_inside_are_not() {
    let world = World::new().await;
    let fields = json!({ "password": "correct horse" });
    let page = path(&world.link(&world.person(Role::Member), &fields).await);
    let from = |address: &str, password: &str| {
        let mut request = submit(&page, password);
        request
            .headers_mut()
            .insert(CLIENT_ADDRESS_HEADER, address.parse().unwrap());
        world.send(world.tenant, request)
    };
    let inside = from("192.0.2.9", "correct+horse").await.cookie();
    for _ in 0..5 {
        assert_eq!(
            from("192.0.2.7", "wrong+password").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    for guess in ["wrong+password", "correct+horse"] {
        let stopped = from("192.0.2.7", guess).await;
        assert_eq!(stopped.status, StatusCode::TOO_MANY_REQUESTS);
        let seconds: u64 = stopped.header("retry-after").unwrap().parse().unwrap();
        assert!((300..=361).contains(&seconds), "{seconds}");
    }
    assert_eq!(
        from("192.0.2.8", "correct+horse").await.status,
        StatusCode::SEE_OTHER
    );
    let shown = world
        .send(world.tenant, browse(&page, inside.as_deref()))
        .await;
    assert_eq!(shown.status, StatusCode::OK);
    world.end().await;
}

#[tokio::test]
async fn owner_sees_that_somebody_is_guessing_until_it_is_over() {
    let world = World::new().await;
    let ada = world.person(Role::Member);
    let link = world
        .link(&ada, &json!({ "password": "correct horse" }))
        .await;
    let own = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
    let guess = async |client: u8| {
        let mut request = submit(&path(&link), "wrong+password");
        let address = format!("192.0.2.{client}").parse().unwrap();
        request.headers_mut().insert(CLIENT_ADDRESS_HEADER, address);
        let refused = world.send(world.tenant, request).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    };
    let seen = async || {
        let link = world.ask(&ada, "GET", &own, None).await.json();
        let attacked = link["attack_in_progress"].as_bool().unwrap();
        (link["failed_attempts"].as_i64().unwrap(), attacked)
    };
    for client in 0..19 {
        guess(client).await;
    }
    assert_eq!(seen().await, (19, false), "guests mistype");
    guess(20).await;
    assert_eq!(seen().await, (20, true));
    world.clock.advance(TimeDelta::minutes(61));
    assert_eq!(seen().await, (20, false));
    guess(21).await;
    assert_eq!(seen().await, (21, false), "an hour of its own");
    world.end().await;
}
