//! What a provider says is checked, and each of the great ones has its ways.

use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::told::{CLIENT_ID, CLIENT_SECRET, Told, code, now};
use super::{
    Browser, access_token, allow_domain, callback, create_provider, location, verify, word,
};
use crate::call::Answer;
use crate::world::{Organization, World};

/// An organization whose owner is verified, and a provider that is told what to say.
async fn scene(offered: &[&str]) -> (World, Organization, Told) {
    let told = Told::start().await;
    let offered: Vec<Value> = offered.iter().map(|kind| json!({
        "provider": kind, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "address": told.issuer,
    })).collect();
    let setting = SecretString::from(Value::from(offered).to_string());
    let world = World::with(|config| config.providers = Some(setting)).await;
    let acme = world.organization("acme").await;
    verify(&world, "acme@example.com").await;
    (world, acme, told)
}

/// Goes to `provider` and comes back with what `tell` makes of the nonce, sent by `iss`.
async fn come(
    (world, acme, told): &(World, Organization, Told),
    provider: &str,
    tell: impl FnOnce(&str) -> Value,
) -> Answer {
    let mut browser = Browser::new();
    let to: Url = browser
        .start(world, acme.id, provider)
        .await
        .parse()
        .unwrap();
    let asked = |name: &str| {
        to.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    };
    let told_code = code(&tell(&asked("nonce").unwrap_or_default()));
    let mut back: Url = callback(provider).parse().unwrap();
    back.query_pairs_mut()
        .append_pair("state", &asked("state").unwrap())
        .append_pair("code", &told_code)
        .append_pair("iss", &told.issuer);
    browser.come_back(world, acme.id, back.as_str()).await
}

#[tokio::test]
async fn id_token_that_is_not_for_us_now_is_refused() {
    let scene = scene(&[]).await;
    let (world, acme, told) = &scene;
    let body = json!({
        "name": "Told", "issuer": told.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
    });
    let sso = create_provider(world, acme, &body)
        .await
        .expect(201)
        .text("id");
    let with = |field: &'static str, value: Value| {
        move |nonce: &str| {
            let mut claims = told.claims("acme@example.com", nonce);
            claims[field] = value;
            json!({"claims": claims})
        }
    };
    let signed = |how: &'static str| move |nonce: &str| json!({"claims": told.claims("acme@example.com", nonce), "signed": how});
    for (field, value) in [
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("iss", json!("https://accounts.google.com")),
        ("iss", json!(format!("{}/", told.issuer))),
        ("aud", json!("somebody else")),
        ("aud", json!([CLIENT_ID, "somebody else"])),
        ("aud", Value::Null),
        ("azp", json!("somebody else")),
        ("exp", json!(now() - 60)),
        ("exp", Value::Null),
        ("nbf", json!(now() + 600)),
        ("sub", json!("")),
    ] {
        let finish = come(&scene, &sso, with(field, value.clone())).await;
        assert_eq!(word(&finish), "provider_failed", "{field} {value}");
    }
    for how in ["none", "secret", "public key", "other key"] {
        let finish = come(&scene, &sso, signed(how)).await;
        assert_eq!(word(&finish), "provider_failed", "{how}");
    }
    let unknown =
        |nonce: &str| json!({"claims": told.claims("acme@example.com", nonce), "kid": "k2"});
    assert_eq!(word(&come(&scene, &sso, unknown).await), "provider_failed");
    assert_eq!(
        word(&come(&scene, &sso, |_| json!({})).await),
        "provider_failed"
    );
    assert_eq!(world.count("external_identities").await, 0);

    // With nothing wrong it is let in, also for several audiences of which we are the one meant.
    let both = |nonce: &str| {
        let mut claims = told.claims("acme@example.com", nonce);
        claims["aud"] = json!([CLIENT_ID, "somebody else"]);
        claims["azp"] = json!(CLIENT_ID);
        json!({"claims": claims})
    };
    access_token(&come(&scene, &sso, both).await);
    scene.0.close().await;
}

#[tokio::test]
async fn answer_of_another_issuer_is_refused() {
    let scene = scene(&["google"]).await;
    let (world, acme, told) = &scene;
    for iss in [None, Some("https://accounts.google.com")] {
        let mut browser = Browser::new();
        let to: Url = browser
            .start(world, acme.id, "google")
            .await
            .parse()
            .unwrap();
        let asked = |name: &str| to.query_pairs().find(|(key, _)| key == name).unwrap().1;
        let claims = told.claims("acme@example.com", &asked("nonce"));
        let mut back: Url = callback("google").parse().unwrap();
        back.query_pairs_mut()
            .append_pair("state", &asked("state"))
            .append_pair("code", &code(&json!({"claims": claims})));
        if let Some(iss) = iss {
            back.query_pairs_mut().append_pair("iss", iss);
        }
        let finish = browser.come_back(world, acme.id, back.as_str()).await;
        assert_eq!(word(&finish), "provider_failed", "{iss:?}");
    }
    scene.0.close().await;
}

#[tokio::test]
async fn code_of_one_provider_is_not_taken_for_anothers() {
    let scene = scene(&["google"]).await;
    let (world, acme, told) = &scene;
    let body = json!({
        "name": "Told", "issuer": told.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
    });
    let sso = create_provider(world, acme, &body).await;
    let sso = sso.expect(201).text("id");
    // The organization's provider sends the browser on to Google, under the state it was given itself: were Google's
    // code taken for its own, it would be sent that code.
    let mut browser = Browser::new();
    let to = browser.start(world, acme.id, &sso).await;
    let to: Url = to.parse().unwrap();
    let asked = |name: &str| to.query_pairs().find(|(key, _)| key == name).unwrap().1;
    assert_eq!(asked("redirect_uri"), callback(&sso));
    let query = format!("state={}&code=google", asked("state"));
    let back = |provider: &str| {
        let back: Url = callback(provider).parse().unwrap();
        format!("{}?{query}", back.path())
    };
    let mixed_up = world.get(&back("google")).send().await;
    assert_eq!(mixed_up.problem(), (400, "sign_in_unknown"));
    let right = world.get(&back(&sso)).send().await.expect(303);
    assert!(location(&right).contains("/api/v1/auth/oauth/finish?"));
    // And Google's own redirect is Google's alone.
    let to = browser.start(world, acme.id, "google").await;
    let to: Url = to.parse().unwrap();
    let asked = |name: &str| to.query_pairs().find(|(key, _)| key == name).unwrap().1;
    assert_eq!(asked("redirect_uri"), callback("google"));
    scene.0.close().await;
}

#[tokio::test]
async fn userinfo_must_be_of_the_same_person() {
    let scene = scene(&["slack"]).await;
    let told = &scene.2;
    let tell = |subject: &'static str| {
        move |nonce: &str| {
            let mut claims = told.claims("", nonce);
            claims.as_object_mut().unwrap().remove("email");
            let info = json!({"sub": subject, "email": "acme@example.com", "email_verified": true});
            json!({"claims": claims, "userinfo": info})
        }
    };
    assert_eq!(
        word(&come(&scene, "slack", tell("subject-2")).await),
        "provider_failed"
    );
    access_token(&come(&scene, "slack", tell("subject-1")).await);
    scene.0.close().await;
}

#[tokio::test]
async fn google_is_believed_for_mail_that_it_hosts() {
    let scene = scene(&["google"]).await;
    let (world, _, told) = &scene;
    let foreign = |nonce: &str| json!({"claims": told.claims("acme@example.com", nonce)});
    assert_eq!(
        word(&come(&scene, "google", foreign).await),
        "provider_email_unverified"
    );
    let hosted = |nonce: &str| {
        let mut claims = told.claims("acme@example.com", nonce);
        claims["hd"] = json!("example.com");
        json!({"claims": claims})
    };
    access_token(&come(&scene, "google", hosted).await);
    assert_eq!(world.count("sessions where method = 'provider'").await, 1);
    scene.0.close().await;
}

#[tokio::test]
async fn slack_numbers_people_within_a_team() {
    let scene = scene(&["slack"]).await;
    let (world, acme, told) = &scene;
    allow_domain(world, acme, "newcomers.example").await;
    let tell = |team: &'static str, email: &'static str| {
        move |nonce: &str| {
            let mut claims = told.claims(email, nonce);
            claims["https://slack.com/team_id"] = json!(team);
            json!({"claims": claims})
        }
    };
    access_token(&come(&scene, "slack", tell("T1", "acme@example.com")).await);
    access_token(&come(&scene, "slack", tell("T2", "grace@newcomers.example")).await);
    assert_eq!(
        world
            .count("external_identities where subject in ('T1:subject-1', 'T2:subject-1')")
            .await,
        2
    );
    // A provider of the operator's is believed that the address is hers.
    let newcomer = "users where email like 'grace@%' and email_verified_at is not null";
    assert_eq!(world.count(newcomer).await, 1);
    scene.0.close().await;
}

#[tokio::test]
async fn github_knows_people_by_number_and_primary_address() {
    let scene = scene(&["github"]).await;
    let world = &scene.0;
    let tell = |login: &'static str, emails: Value| move |_: &str| json!({"user": {"id": 42, "login": login, "name": null}, "emails": emails});
    let email = |email: &str, primary: bool, verified: bool| json!({"email": email, "primary": primary, "verified": verified});
    let unverified = json!([email("acme@example.com", true, false)]);
    assert_eq!(
        word(&come(&scene, "github", tell("a", unverified)).await),
        "provider_email_unverified"
    );
    let secondary = json!([
        email("x@example.org", true, true),
        email("acme@example.com", false, true)
    ]);
    assert_eq!(
        word(&come(&scene, "github", tell("a", secondary)).await),
        "not_a_member"
    );
    let primary = json!([
        email("x@example.org", false, true),
        email("Acme@Example.com", true, true)
    ]);
    access_token(&come(&scene, "github", tell("a", primary)).await);
    // The login changed hands; the number did not.
    access_token(&come(&scene, "github", tell("b", json!([]))).await);
    assert_eq!(
        world
            .count("external_identities where provider = 'github' and subject = '42'")
            .await,
        1
    );
    scene.0.close().await;
}
