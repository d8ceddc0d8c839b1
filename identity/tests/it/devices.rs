//! One's own sessions, and the mail about a new device.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::world::{PASSWORD, World};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

async fn login(world: &World, tenant: kernel::TenantId, agent: &str, from: &str) -> Answer {
    let body = json!({"email": "acme@example.com", "password": PASSWORD});
    let call = world
        .post("/api/v1/auth/login", &body)
        .at(tenant)
        .from(from);
    call.header("user-agent", agent).send().await.expect(200)
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world.clock.advance(chrono::TimeDelta::seconds(1));
    let firefox = login(&world, acme.id, FIREFOX, "192.0.2.7").await;
    world.clock.advance(chrono::TimeDelta::seconds(1));
    let phone = login(&world, acme.id, PHONE, "198.51.100.3").await;
    let bearer = firefox.text("access_token");
    let list = async || {
        let call = world.get("/api/v1/auth/sessions").at(acme.id);
        let answer = call.bearer(&bearer).send().await.expect(200);
        answer.body["items"].as_array().unwrap().clone()
    };
    let all = list().await;
    let shown = |row: &Value| {
        (
            row["device"].clone(),
            row["address"].clone(),
            row["current"].clone(),
        )
    };
    assert_eq!(
        shown(&all[0]),
        (
            "Safari on iPhone".into(),
            "198.51.100.3".into(),
            false.into()
        )
    );
    assert_eq!(
        shown(&all[1]),
        ("Firefox on Linux".into(), "192.0.2.7".into(), true.into())
    );
    assert_eq!(all.len(), 3);
    assert_eq!(all[1]["method"], "password");

    let end = async |id: &str, bearer: &str| {
        let path = format!("/api/v1/auth/sessions/{id}");
        world.delete(&path).at(acme.id).bearer(bearer).send().await
    };
    let id = all[0]["id"].as_str().unwrap();
    end(id, &bearer).await.expect(204);
    assert_eq!(end(id, &bearer).await.problem(), (404, "not_found"));
    let refused = world.refresh(acme.id, &phone.text("refresh_token")).await;
    assert_eq!(refused.problem(), (401, "invalid_refresh_token"));
    assert_eq!(
        world
            .events()
            .await
            .iter()
            .filter(|kind| *kind == "session.revoked")
            .count(),
        1
    );

    // Somebody else's session is unknown.
    let grace = world.member(&acme, "grace@example.com", "admin").await;
    let own = all[1]["id"].as_str().unwrap();
    let refused = end(own, &grace.text("access_token")).await;
    assert_eq!(refused.problem(), (404, "not_found"));

    let call = world.delete("/api/v1/auth/sessions").at(acme.id);
    call.bearer(&bearer).send().await.expect(204);
    assert_eq!(list().await.len(), 1);
    let refused = world.refresh(acme.id, &acme.refresh_token).await;
    assert_eq!(refused.problem(), (401, "invalid_refresh_token"));
    world
        .refresh(acme.id, &firefox.text("refresh_token"))
        .await
        .expect(200);
    world
        .refresh(acme.id, &grace.text("refresh_token"))
        .await
        .expect(200);
    world.close().await;
}

#[tokio::test]
async fn sign_in_from_somewhere_new_is_told_by_mail_once() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let told = async || {
        let subjects = world.subjects("acme@example.com").await;
        subjects
            .iter()
            .filter(|subject| subject.starts_with("New sign-in to"))
            .count()
    };
    assert_eq!(told().await, 0, "the first device is nobody's news");
    login(&world, acme.id, FIREFOX, "192.0.2.7").await;
    assert_eq!(told().await, 1);
    // The same browser, the same network, a day later.
    world.clock.advance(chrono::TimeDelta::days(1));
    login(
        &world,
        acme.id,
        &FIREFOX.replace("140", "141"),
        "192.0.2.99",
    )
    .await;
    assert_eq!(told().await, 1);
    login(&world, acme.id, FIREFOX, "198.51.100.3").await;
    assert_eq!(told().await, 2);
    world.close().await;
}
