//! Which account an identity opens, and how it stops to.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Browser, access_token, add_provider, begin_link, begin_link_with, verify, word};
use crate::call::Answer;
use crate::second_factor::App;
use crate::world::{Organization, PASSWORD, World};

#[tokio::test]
async fn account_whose_address_is_not_verified_is_not_given_away() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    // Somebody made an account in the name of grace, who now comes herself.
    world.member(&acme, "grace@example.com", "member").await;
    world
        .alter("update users set email_verified_at = null")
        .await;
    let finish = Browser::new()
        .sign_in(&world, acme.id, &sso, "grace@example.com")
        .await;
    assert_eq!(word(&finish), "account_email_unverified");
    // And who only says to be somebody at the provider is not believed.
    world
        .member(&acme, "unverified@example.com", "member")
        .await;
    verify(&world, "unverified@example.com").await;
    let finish = Browser::new()
        .sign_in(&world, acme.id, &sso, "unverified@example.com")
        .await;
    assert_eq!(word(&finish), "provider_email_unverified");
    assert_eq!(world.count("external_identities").await, 0);
    let refused = "audit_events where action = 'session.opened' and not succeeded";
    assert_eq!(world.count(refused).await, 2);
    world.close().await;
}

#[tokio::test]
async fn provider_of_one_organization_opens_no_account_of_another() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let globex = world.organization("globex").await;
    // Its admin has it say to be the owner of another organization.
    let sso = add_provider(&world, &globex).await;
    verify(&world, "acme@example.com").await;
    super::allow_domain(&world, &globex, "example.com").await;
    let finish = Browser::new()
        .sign_in(&world, globex.id, &sso, "acme@example.com")
        .await;
    assert_eq!(word(&finish), "not_a_member");
    assert_eq!(world.count("external_identities").await, 0);
    let path = format!("/api/v1/auth/oauth/{sso}/start");
    let answer = world.get(&path).at(acme.id).send().await;
    assert_eq!(answer.problem(), (404, "not_found"));
    world.close().await;
}

#[tokio::test]
async fn session_links_an_account_whatever_its_address() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    let mut browser = Browser::new();
    let to = browser.start_link(&world, acme.id, &sso, &acme.owner).await;
    let back = browser
        .at_provider(to, "unverified-private@example.org")
        .await;
    assert_eq!(
        word(&browser.come_back(&world, acme.id, &back).await),
        "linked"
    );

    let list = world.get("/api/v1/auth/identities").at(acme.id);
    let list = list.bearer(&acme.owner).send().await.expect(200);
    assert_eq!(list.body[0]["provider"], sso);
    assert_eq!(list.body[0]["name"], "Acme SSO");
    let again = begin_link(&world, acme.id, &sso, &acme.owner).await;
    assert_eq!(again.problem(), (409, "already_linked"));

    let mut browser = Browser::new();
    let entered = browser
        .sign_in(&world, acme.id, &sso, "unverified-private@example.org")
        .await;
    access_token(&entered);

    // Another member does not get the same identity.
    let grace = world.member(&acme, "grace@example.com", "member").await;
    let mut browser = Browser::new();
    let token = grace.text("access_token");
    let to = browser.start_link(&world, acme.id, &sso, &token).await;
    let back = browser
        .at_provider(to, "unverified-private@example.org")
        .await;
    let finish = browser.come_back(&world, acme.id, &back).await;
    assert_eq!(word(&finish), "identity_taken");
    world.close().await;
}

#[tokio::test]
async fn stolen_session_links_nothing() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    for (proof, code) in [
        (json!({}), "confirmation_required"),
        (
            json!({"password": "wrong horse battery"}),
            "confirmation_refused",
        ),
        (json!({"code": "123456"}), "confirmation_refused"),
    ] {
        let refused = begin_link_with(&world, acme.id, &sso, &acme.owner, &proof).await;
        assert_eq!(refused.problem(), (403, code));
    }
    assert_eq!(world.count("provider_attempts").await, 0);
    begin_link(&world, acme.id, &sso, &acme.owner)
        .await
        .expect(200);
    world.close().await;
}

#[tokio::test]
async fn link_ends_with_the_session_it_began_in() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    let mut browser = Browser::new();
    let to = browser.start_link(&world, acme.id, &sso, &acme.owner).await;
    let back = browser.at_provider(to, "somebody@example.org").await;
    let logout = world.call(Method::POST, "/api/v1/auth/logout").at(acme.id);
    logout.bearer(&acme.owner).send().await.expect(204);
    let finish = browser.come_back(&world, acme.id, &back).await;
    assert_eq!(word(&finish), "session_ended");
    assert_eq!(world.count("external_identities").await, 0);
    world.close().await;
}

#[tokio::test]
async fn session_of_an_organizations_provider_changes_no_way_in() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    verify(&world, "acme@example.com").await;
    let entered = Browser::new()
        .sign_in(&world, acme.id, &sso, "acme@example.com")
        .await;
    let confined = access_token(&entered);
    let other = add_provider(&world, &acme).await;
    let link = begin_link(&world, acme.id, &other, &confined).await;
    assert_eq!(link.problem(), (403, "session_confined"));
    let path = format!("/api/v1/auth/identities/{sso}");
    let unlink = world.call(Method::DELETE, &path).at(acme.id);
    let unlink = unlink.bearer(&confined).send().await;
    assert_eq!(unlink.problem(), (403, "session_confined"));
    world.alter("update users set password_hash = null").await;
    let totp = world.post("/api/v1/auth/totp", &json!({})).at(acme.id);
    let totp = totp.bearer(&confined).send().await;
    assert_eq!(totp.problem(), (403, "session_confined"));
    // It still does what there is to do in the organization.
    let list = world
        .get("/api/v1/organization/identity-providers")
        .at(acme.id);
    list.bearer(&confined).send().await.expect(200);
    world.close().await;
}

/// The owner of acme, who is in globex too, comes to globex by its own provider; answers the challenge.
async fn half_in(world: &World, globex: &Organization, sso: &str) -> String {
    let finish = Browser::new()
        .sign_in(world, globex.id, sso, "acme@example.com")
        .await;
    let word = word(&finish);
    let challenge = word.strip_prefix("second_factor&challenge=").unwrap();
    challenge.strip_suffix("&enroll=true").unwrap().to_owned()
}

async fn enroll(world: &World, at: &Organization, challenge: &str) -> Answer {
    let path = "/api/v1/auth/second-factor/enroll";
    let call = world.post(path, &json!({"challenge": challenge}));
    call.at(at.id).send().await
}

#[tokio::test]
async fn provider_of_one_organization_sets_up_no_second_factor_for_all() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let globex = world.organization("globex").await;
    verify(&world, "acme@example.com").await;
    world.member(&globex, "acme@example.com", "member").await;
    let sso = add_provider(&world, &globex).await;
    world.rule(&globex, "require_second_factor = true").await;

    let challenge = half_in(&world, &globex, &sso).await;
    let refused = enroll(&world, &globex, &challenge).await;
    assert_eq!(refused.problem(), (403, "session_confined"));
    assert_eq!(world.count("totp_devices").await, 0);
    assert_eq!(world.count("recovery_codes").await, 0);

    // Nor does it confirm a device that was begun in another way.
    let whole = world.challenge(&globex, "acme@example.com").await;
    let begun = enroll(&world, &globex, &whole).await.expect(200);
    let code = App::scan(&begun.body["totp"]["uri"]).code(&world, 0);
    let refused = world.answer(&globex, &challenge, ("code", &code)).await;
    assert_eq!(refused.problem(), (403, "session_confined"));
    assert_eq!(
        world.count("sessions where method = 'own_provider'").await,
        0
    );
    // With the password it is set up, and counts in acme too.
    let entered = world.answer(&globex, &whole, ("code", &code)).await;
    entered.expect(200);
    world.challenge(&acme, "acme@example.com").await;
    world.close().await;
}

#[tokio::test]
async fn second_factor_proves_nothing_more_in_a_session_of_an_organizations_provider() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    verify(&world, "acme@example.com").await;
    let sso = add_provider(&world, &acme).await;
    world.rule(&acme, "require_second_factor = true").await;
    // In this organization alone the account may have one on the word of its provider.
    let challenge = half_in(&world, &acme, &sso).await;
    let begun = enroll(&world, &acme, &challenge).await.expect(200);
    let code = App::scan(&begun.body["totp"]["uri"]).code(&world, 0);
    let entered = world.answer(&acme, &challenge, ("code", &code)).await;
    let confined = entered.expect(200).text("access_token");
    for path in ["passkeys/options", "recovery-codes", "totp"] {
        for proof in [
            json!({"recovery_code": begun.body["recovery_codes"][0]}),
            json!({"password": PASSWORD}),
            json!({}),
        ] {
            let call = world.post(&format!("/api/v1/auth/{path}"), &proof);
            let refused = call.at(acme.id).bearer(&confined).send().await;
            assert_eq!(refused.problem(), (403, "session_confined"), "{path}");
        }
    }
    assert_eq!(
        world.count("recovery_codes where used_at is null").await,
        10
    );
    world.close().await;
}

#[tokio::test]
async fn what_is_the_same_in_all_organizations_is_not_changed_from_one_by_its_provider() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    verify(&world, "acme@example.com").await;
    let sso = add_provider(&world, &acme).await;
    let mut browser = Browser::new();
    let entered = browser
        .sign_in(&world, acme.id, &sso, "acme@example.com")
        .await;
    let confined = access_token(&entered);
    let all = async || {
        let call = |method: Method, path: &str, body: Value| {
            let path = format!("/api/v1/auth/{path}");
            let call = world.call(method, &path).json(&body).at(acme.id);
            call.bearer(&confined).send()
        };
        let name = json!({"name": "Somebody Else"});
        [
            call(Method::GET, "second-factors", json!({})).await,
            call(Method::PATCH, "profile", name.clone()).await,
            call(Method::PUT, "profile", name.clone()).await,
            call(Method::PATCH, "me", name.clone()).await,
            call(Method::PUT, "me", name).await,
            call(Method::PUT, "preferences", json!({"theme": "dark"})).await,
            call(Method::DELETE, "avatar", json!({})).await,
            call(Method::DELETE, "sessions", json!({})).await,
        ]
    };
    // Who is here alone has nobody else to ask.
    let alone = all().await;
    for answer in &alone {
        assert_ne!(answer.status, 403, "{answer:?}");
    }
    let globex = world.organization("globex").await;
    world.member(&globex, "acme@example.com", "member").await;
    let events = world.events().await;
    for answer in all().await {
        assert_eq!(answer.problem(), (403, "session_confined"));
    }
    assert_eq!(world.events().await, events);
    world.close().await;
}

#[tokio::test]
async fn last_way_in_is_not_unlinked() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let (one, two) = (
        add_provider(&world, &acme).await,
        add_provider(&world, &acme).await,
    );
    let mut browser = Browser::new();
    for sso in [&one, &two] {
        let to = browser.start_link(&world, acme.id, sso, &acme.owner).await;
        let back = browser.at_provider(to, "acme@example.com").await;
        browser.come_back(&world, acme.id, &back).await;
    }
    world.alter("update users set password_hash = null").await;
    let unlink = async |provider: &str| {
        let path = format!("/api/v1/auth/identities/{provider}");
        let call = world.call(Method::DELETE, &path).at(acme.id);
        call.bearer(&acme.owner).send().await
    };
    // Of two at once one goes, and the other stays.
    let (first, second) = tokio::join!(unlink(&one), unlink(&two));
    let mut answers = [first.problem(), second.problem()];
    answers.sort_unstable();
    assert_eq!(answers, [(204, ""), (409, "last_way_in")]);
    assert_eq!(world.count("external_identities").await, 1);

    // A password is a way in, but not where the organization takes none.
    world.alter("update users set password_hash = 'x'").await;
    world
        .alter("update organizations set password_sign_in = false")
        .await;
    let left = if first.status == 204 { &two } else { &one };
    assert_eq!(unlink(left).await.problem(), (409, "last_way_in"));
    world
        .alter("update organizations set password_sign_in = true")
        .await;
    unlink(left).await.expect(204);
    assert_eq!(unlink(left).await.problem(), (404, "not_found"));
    let unlinked = "audit_events where action = 'identity.unlinked'";
    assert_eq!(world.count(unlinked).await, 2);
    world.close().await;
}

#[tokio::test]
async fn provider_takes_its_identities_with_it() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    verify(&world, "acme@example.com").await;
    access_token(
        &Browser::new()
            .sign_in(&world, acme.id, &sso, "acme@example.com")
            .await,
    );
    let path = format!("/api/v1/organization/identity-providers/{sso}");
    let off = world.patch(&path, &json!({"active": false})).at(acme.id);
    off.bearer(&acme.owner).send().await.expect(200);
    let start = world
        .get(&format!("/api/v1/auth/oauth/{sso}/start"))
        .at(acme.id);
    assert_eq!(start.send().await.problem(), (404, "not_found"));
    let delete = world.call(Method::DELETE, &path).at(acme.id);
    delete.bearer(&acme.owner).send().await.expect(204);
    assert_eq!(world.count("external_identities").await, 0);
    world.close().await;
}
