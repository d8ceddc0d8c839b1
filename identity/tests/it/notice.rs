//! Mail to the owner of an account whose security changes.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::provider::{Browser, add_provider, verify};
use crate::world::{Organization, PASSWORD, World};

const OWNER: &str = "acme@example.com";

async fn ask(world: &World, at: &Organization, method: Method, path: &str, body: &Value) -> Value {
    let call = world.call(method, path).json(body).at(at.id);
    let answer = call.bearer(&at.owner).send().await;
    assert!(answer.status.is_success(), "{answer:?}");
    answer.body
}

/// Subjects of the mails about security, in order.
async fn told(world: &World) -> Vec<String> {
    let mut subjects = world.subjects(OWNER).await;
    subjects.retain(|subject| {
        ["account", "codes"]
            .iter()
            .any(|word| subject.contains(word))
    });
    subjects
}

#[tokio::test]
async fn owner_is_told_of_changed_second_factors() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let password = json!({"password": PASSWORD});
    world.totp(&acme).await;
    let path = "/api/v1/auth/recovery-codes";
    ask(&world, &acme, Method::POST, path, &password).await;
    let (_, kept) = world.passkey(&acme, "acme").await;
    let path = format!(
        "/api/v1/auth/passkeys/{}",
        kept.body["passkey"]["id"].as_str().unwrap()
    );
    ask(&world, &acme, Method::DELETE, &path, &password).await;
    ask(
        &world,
        &acme,
        Method::DELETE,
        "/api/v1/auth/totp",
        &password,
    )
    .await;
    assert_eq!(
        told(&world).await,
        [
            "An authenticator app was added to your account",
            "Your recovery codes were renewed",
            "A passkey was added to your account",
            "A passkey was removed from your account",
            "The authenticator app was removed from your account",
        ]
    );
    let named = "mail_queue where text_body like '%the passkey \"work laptop\" was%'
        and html_body like '%work laptop%' and text_body like '%192.0.2.1%'";
    assert_eq!(world.count(named).await, 2);
    world.close().await;
}

#[tokio::test]
async fn owner_is_told_of_a_second_factor_set_up_while_signing_in() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world.rule(&acme, "require_second_factor = true").await;
    world.enroll(&acme, OWNER).await;
    assert_eq!(
        told(&world).await,
        ["An authenticator app was added to your account"]
    );
    world.close().await;
}

#[tokio::test]
async fn owner_is_told_of_providers_and_tokens_and_of_nothing_that_failed() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    let mut browser = Browser::new();
    let to = browser.start_link(&world, acme.id, &sso, &acme.owner).await;
    let back = browser.at_provider(to, "elsewhere@example.com").await;
    browser.come_back(&world, acme.id, &back).await;
    let path = format!("/api/v1/auth/identities/{sso}");
    ask(&world, &acme, Method::DELETE, &path, &json!({})).await;
    let again = world.delete(&path).at(acme.id).bearer(&acme.owner);
    again.send().await.expect(404);
    // By signing in, with an address that both know.
    verify(&world, OWNER).await;
    let mut browser = Browser::new();
    browser.sign_in(&world, acme.id, &sso, OWNER).await;

    let expires_at = world.clock.now() + TimeDelta::days(1);
    let body = json!({"name": "nightly export", "scopes": ["task:read"], "expires_at": expires_at});
    let token = ask(&world, &acme, Method::POST, "/api/v1/tokens", &body).await;
    let unfit = json!({"name": "x", "scopes": ["moon:land"], "expires_at": expires_at});
    let call = world.post("/api/v1/tokens", &unfit).at(acme.id);
    call.bearer(&acme.owner).send().await.expect(422);
    assert_eq!(
        told(&world).await,
        [
            "A way to sign in was added to your account",
            "A way to sign in was removed from your account",
            "A way to sign in was added to your account",
            "An access token was made for your account",
        ]
    );
    let token = token["token"].as_str().unwrap();
    let leaked = format!("mail_queue where strpos(text_body || html_body, '{token}') > 0");
    assert_eq!(world.count(&leaked).await, 0);
    let named = "mail_queue where text_body like '%\"nightly export\"%The acme company%'";
    assert_eq!(world.count(named).await, 1);
    world.close().await;
}
