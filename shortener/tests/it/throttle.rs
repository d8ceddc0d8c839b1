//! Guessing passwords.

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
