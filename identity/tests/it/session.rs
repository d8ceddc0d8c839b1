//! Login, refresh and logout.

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn refusals_of_a_login_look_the_same() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world.organization("zeta").await;
    let refused = [
        world.login(acme.id, "nobody@example.com", PASSWORD).await,
        world
            .login(acme.id, "acme@example.com", "wrong horse battery")
            .await,
        world.login(acme.id, "zeta@example.com", PASSWORD).await,
    ];
    for answer in &refused {
        assert_eq!(answer.problem(), (401, "invalid_credentials"));
        assert_eq!(answer.body["detail"], refused[0].body["detail"]);
    }
    world
        .login(acme.id, "ACME@example.com", PASSWORD)
        .await
        .expect(200);
    world.close().await;
}

#[tokio::test]
async fn guesses_are_limited_by_account_and_address() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let guesses = (0..20).map(|_| world.login(acme.id, "acme@example.com", "wrong horse battery"));
    let answers = join_all(guesses).await;
    let limited = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!(limited, 10);
    let body = json!({"email": "acme@example.com", "password": PASSWORD});
    let call = world.post("/api/v1/auth/login", &body).at(acme.id);
    call.from("192.0.2.99").send().await.expect(200);
    world.close().await;
}

#[tokio::test]
async fn refresh_rotates_and_a_second_use_ends_the_session() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let first = acme.refresh_token.clone();
    let second = world
        .refresh(acme.id, &first)
        .await
        .expect(200)
        .text("refresh_token");
    let third = world
        .refresh(acme.id, &second)
        .await
        .expect(200)
        .text("refresh_token");

    // Within the grace, but its successor was used: somebody has a copy.
    assert_eq!(
        world.refresh(acme.id, &first).await.problem(),
        (401, "invalid_refresh_token")
    );
    assert_eq!(
        world.refresh(acme.id, &third).await.problem(),
        (401, "invalid_refresh_token")
    );
    assert_eq!(world.events().await.last().unwrap(), "session.revoked");
    let revoked = world
        .get("/internal/v1/sessions/revoked")
        .send()
        .await
        .expect(200);
    assert_eq!(revoked.body.as_array().unwrap().len(), 1);
    let me = world
        .get("/api/v1/auth/me")
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await;
    assert_eq!(me.problem(), (401, "session_ended"));
    world.close().await;
}

#[tokio::test]
async fn lost_answer_can_be_asked_for_again_once_nobody_used_it() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let lost = world
        .refresh(acme.id, &acme.refresh_token)
        .await
        .expect(200)
        .text("refresh_token");
    world.clock.advance(TimeDelta::seconds(5));
    let kept = world
        .refresh(acme.id, &acme.refresh_token)
        .await
        .expect(200)
        .text("refresh_token");
    let next = world
        .refresh(acme.id, &kept)
        .await
        .expect(200)
        .text("refresh_token");
    // The withdrawn one turns up after all: it was not lost.
    world.refresh(acme.id, &lost).await.expect(401);
    world.refresh(acme.id, &next).await.expect(401);
    world.close().await;
}

#[tokio::test]
async fn second_use_after_the_grace_ends_the_session() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let next = world
        .refresh(acme.id, &acme.refresh_token)
        .await
        .expect(200)
        .text("refresh_token");
    world.clock.advance(TimeDelta::seconds(11));
    world
        .refresh(acme.id, &acme.refresh_token)
        .await
        .expect(401);
    world.refresh(acme.id, &next).await.expect(401);
    world.close().await;
}

#[tokio::test]
async fn parallel_refreshes_leave_one_usable_pair() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let racers = (0..20).map(|_| world.refresh(acme.id, &acme.refresh_token));
    let answers = join_all(racers).await;
    assert!(
        answers.iter().all(|answer| answer.status != 500),
        "{answers:?}"
    );
    assert_eq!(world.count("refresh_tokens where used_at is null").await, 1);
    assert_eq!(world.count("sessions where revoked_at is null").await, 1);
    world.close().await;
}

#[tokio::test]
async fn refresh_token_is_good_for_its_own_organization_and_time() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    world
        .refresh(zeta.id, &acme.refresh_token)
        .await
        .expect(401);
    world.refresh(acme.id, &acme.owner).await.expect(401);
    let mut token = acme.refresh_token;
    for _ in 0..5 {
        world.clock.advance(TimeDelta::days(6));
        let answer = world.refresh(acme.id, &token).await;
        if answer.status == 401 {
            break;
        }
        token = answer.expect(200).text("refresh_token");
    }
    // Thirty days are over, however often it was refreshed; the other was idle for more than a week.
    world.refresh(acme.id, &token).await.expect(401);
    world
        .refresh(zeta.id, &zeta.refresh_token)
        .await
        .expect(401);
    world.close().await;
}

#[tokio::test]
async fn logout_ends_the_session_at_once_and_once() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    for _ in 0..2 {
        let call = world
            .call(axum::http::Method::POST, "/api/v1/auth/logout")
            .at(acme.id);
        call.bearer(&acme.owner).send().await.expect(204);
    }
    world
        .refresh(acme.id, &acme.refresh_token)
        .await
        .expect(401);
    let revoked = world
        .events()
        .await
        .into_iter()
        .filter(|kind| kind == "session.revoked");
    assert_eq!(revoked.count(), 1);
    world.close().await;
}

#[tokio::test]
async fn access_token_is_refused_on_another_organization_and_without_the_gateway() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let me = world
        .get("/api/v1/auth/me")
        .at(zeta.id)
        .bearer(&acme.owner)
        .send()
        .await;
    assert_eq!(me.problem(), (401, "token_of_other_organization"));
    let direct = world.direct("/api/v1/auth/me", &acme.owner).await;
    assert_eq!(direct, 401);
    world.close().await;
}

#[tokio::test]
async fn two_instances_serve_the_same_keys() {
    let world = World::new().await;
    let first = world.get("/.well-known/jwks.json").send().await.expect(200);
    assert_eq!(first.headers["cache-control"], "public, max-age=300");
    assert_eq!(first.body["keys"][0]["crv"], "Ed25519");
    assert!(first.body["keys"][0].get("d").is_none());
    let other = identity::assemble(&world.config, &world.app).await.unwrap();
    let acme = world.organization("acme").await;
    assert!(other.keys.verifier().verify(&acme.owner).await.is_ok());
    world.close().await;
}

#[tokio::test]
async fn database_that_is_away_makes_login_come_back_later() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world.identity.db.clone().close().await.unwrap();
    let answer = world.login(acme.id, "acme@example.com", PASSWORD).await;
    assert_eq!(answer.problem(), (503, "database_unavailable"));
    assert!(answer.headers.contains_key("retry-after"));
    world.close().await;
}

#[tokio::test]
async fn session_of_a_password_ends_where_none_is_taken_any_more() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let rule = "password_sign_in = false";
    world.rule(&acme, rule).await;
    let refused = world.refresh(acme.id, &acme.refresh_token).await;
    assert_eq!(refused.problem(), (401, "sign_in_method_refused"));
    let ended = "sessions where revoke_reason = 'sign_in_method_refused'";
    assert_eq!(world.count(ended).await, 1);
    world
        .alter("update organizations set password_sign_in = true")
        .await;
    let ended = world.refresh(acme.id, &acme.refresh_token).await;
    assert_eq!(ended.problem(), (401, "invalid_refresh_token"));
    world.close().await;
}
