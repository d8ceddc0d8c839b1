//! The way to a real provider and back.

use chrono::TimeDelta;
use url::Url;

use super::{Browser, access_token, add_provider, callback, location, verify, word};
use crate::world::World;

#[tokio::test]
async fn member_signs_in_with_the_provider_of_the_organization() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    world.member(&acme, "grace@example.com", "manager").await;
    verify(&world, "grace@example.com").await;

    let mut browser = Browser::new();
    let to = browser.start(&world, acme.id, &sso).await;
    let to: Url = to.parse().unwrap();
    let asked = |name: &str| to.query_pairs().find(|(key, _)| key == name).unwrap().1;
    assert_eq!(asked("code_challenge_method"), "S256");
    assert_eq!(asked("response_type"), "code");
    assert_eq!(asked("nonce").len(), 43);
    assert_eq!(asked("state").len(), 43);

    let back = browser
        .at_provider(to.to_string(), "grace@example.com")
        .await;
    let entered = browser.come_back(&world, acme.id, &back).await;
    let me = world.get("/api/v1/auth/me").at(acme.id);
    let me = me.bearer(&access_token(&entered)).send().await.expect(200);
    assert_eq!(me.body["user"]["email"], "grace@example.com");
    assert_eq!(me.body["role"], "manager");
    assert_eq!(
        world.count("sessions where method = 'own_provider'").await,
        1
    );
    let linked = "audit_events where action = 'identity.linked' and succeeded";
    assert_eq!(world.count(linked).await, 1);

    // The second time the identity is known, and what the address is verified for no longer matters.
    world
        .alter("update users set email_verified_at = null")
        .await;
    let mut browser = Browser::new();
    let entered = browser
        .sign_in(&world, acme.id, &sso, "grace@example.com")
        .await;
    access_token(&entered);
    assert_eq!(
        world
            .count("external_identities where last_used_at is not null")
            .await,
        1
    );
    assert_eq!(world.count(linked).await, 1);
    world.close().await;
}

#[tokio::test]
async fn only_the_browser_that_set_out_comes_back() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let globex = world.organization("globex").await;
    let sso = add_provider(&world, &acme).await;
    verify(&world, "acme@example.com").await;

    let mut mallory = Browser::new();
    let to = mallory.start(&world, acme.id, &sso).await;
    let back = mallory.at_provider(to, "acme@example.com").await;
    let path = back.strip_prefix("http://localhost:8080").unwrap();
    let onwards = location(&world.get(path).send().await.expect(303));
    assert!(onwards.starts_with("http://acme.localhost:8080/api/v1/auth/oauth/finish?"));

    // Who is sent there by another has no cookie, or that of an attempt of the own.
    let mut victim = Browser::new();
    let finish = victim.finish(&world, acme.id, &onwards).await;
    assert_eq!(word(&finish), "sign_in_unknown");
    victim.start(&world, acme.id, &sso).await;
    let finish = victim.finish(&world, acme.id, &onwards).await;
    assert_eq!(word(&finish), "sign_in_unknown");
    // On another organization's host it is unknown, and so is a state that never was.
    let finish = mallory.finish(&world, globex.id, &onwards).await;
    assert_eq!(word(&finish), "sign_in_unknown");
    let other = onwards.replace("state=", "state=x");
    let finish = mallory.finish(&world, acme.id, &other).await;
    assert_eq!(word(&finish), "sign_in_unknown");

    // None of this used the attempt up; coming back does.
    access_token(&mallory.finish(&world, acme.id, &onwards).await);
    let finish = mallory.finish(&world, acme.id, &onwards).await;
    assert_eq!(word(&finish), "sign_in_unknown");
    let again = world.get(path).send().await;
    assert_eq!(again.problem(), (400, "sign_in_unknown"));
    world.close().await;
}

#[tokio::test]
async fn who_takes_too_long_starts_again() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    verify(&world, "acme@example.com").await;
    let mut browser = Browser::new();
    let to = browser.start(&world, acme.id, &sso).await;
    let back = browser.at_provider(to, "acme@example.com").await;
    let path = back.strip_prefix("http://localhost:8080").unwrap();
    let onwards = location(&world.get(path).send().await.expect(303));
    world.clock.advance(TimeDelta::minutes(10));
    let late = world.get(path).send().await;
    assert_eq!(late.problem(), (400, "sign_in_unknown"));
    let finish = browser.finish(&world, acme.id, &onwards).await;
    assert_eq!(word(&finish), "sign_in_unknown");
    assert_eq!(world.count("external_identities").await, 0);
    world.close().await;
}

#[tokio::test]
async fn who_says_no_at_the_provider_is_told_so() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    let mut browser = Browser::new();
    let to: Url = browser.start(&world, acme.id, &sso).await.parse().unwrap();
    let (_, state) = to.query_pairs().find(|(key, _)| key == "state").unwrap();
    let back = format!("{}?error=access_denied&state={state}", callback(&sso));
    let finish = browser.come_back(&world, acme.id, &back).await;
    assert_eq!(word(&finish), "provider_refused");
    world.close().await;
}

#[tokio::test]
async fn code_of_another_attempt_opens_nothing() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    verify(&world, "acme@example.com").await;
    // Somebody has a code of the owner's, and puts it into a return of the own: it belongs to another PKCE challenge.
    let mut owner = Browser::new();
    let to = owner.start(&world, acme.id, &sso).await;
    let stolen: Url = owner
        .at_provider(to, "acme@example.com")
        .await
        .parse()
        .unwrap();
    let (_, code) = stolen.query_pairs().find(|(key, _)| key == "code").unwrap();
    let mut mallory = Browser::new();
    let to = mallory.start(&world, acme.id, &sso).await;
    let mut back: Url = mallory
        .at_provider(to, "mallory@example.com")
        .await
        .parse()
        .unwrap();
    let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
    let swapped = pairs.into_iter().map(|(key, value)| match key.as_str() {
        "code" => (key, code.clone().into_owned()),
        _ => (key, value),
    });
    let swapped: Vec<_> = swapped.collect();
    back.query_pairs_mut().clear().extend_pairs(swapped);
    let finish = mallory.come_back(&world, acme.id, back.as_str()).await;
    assert_eq!(word(&finish), "provider_failed");
    world.close().await;
}

#[tokio::test]
async fn host_lists_what_it_offers() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let globex = world.organization("globex").await;
    let sso = add_provider(&world, &acme).await;
    let list = async |tenant| {
        let call = world.get("/api/v1/auth/providers").at(tenant);
        call.send().await.expect(200).body
    };
    let offered = serde_json::json!([{"provider": sso, "name": "Acme SSO", "kind": "openid"}]);
    assert_eq!(list(acme.id).await, offered);
    assert_eq!(list(globex.id).await, serde_json::json!([]));
    for provider in [sso.as_str(), "google", "nonsense"] {
        let path = format!("/api/v1/auth/oauth/{provider}/start");
        let answer = world.get(&path).at(globex.id).send().await;
        assert_eq!(answer.problem(), (404, "not_found"), "{provider}");
    }
    world.close().await;
}

#[tokio::test]
async fn second_factor_is_asked_for_after_a_provider_too() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    verify(&world, "acme@example.com").await;
    let demand = "update organizations set require_second_factor = true, password_sign_in = false";
    world.alter(demand).await;
    let before = world.count("sessions").await;
    let finish = Browser::new()
        .sign_in(&world, acme.id, &sso, "acme@example.com")
        .await;
    let told = word(&finish);
    let told = told.strip_prefix("second_factor&challenge=").unwrap();
    let challenge = told.strip_suffix("&enroll=true").unwrap();
    assert_eq!(world.count("sessions").await, before);
    let body = serde_json::json!({"challenge": challenge});
    let enroll = world.post("/api/v1/auth/second-factor/enroll", &body);
    enroll.at(acme.id).send().await.expect(200);
    world.close().await;
}
