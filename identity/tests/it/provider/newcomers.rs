//! Who has no account yet.

use serde_json::json;

use super::{Browser, access_token, add_provider, allow_domain, word};
use crate::world::World;

#[tokio::test]
async fn who_reads_mail_at_an_allowed_domain_joins() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    let grace = "grace@newcomers.example";
    let finish = Browser::new().sign_in(&world, acme.id, &sso, grace).await;
    assert_eq!(word(&finish), "not_a_member");
    allow_domain(&world, &acme, "newcomers.example").await;
    for stranger in ["eve@sub.newcomers.example", "eve@example.com"] {
        let finish = Browser::new()
            .sign_in(&world, acme.id, &sso, stranger)
            .await;
        assert_eq!(word(&finish), "not_a_member", "{stranger}");
    }
    let unverified = "unverified@newcomers.example";
    let finish = Browser::new()
        .sign_in(&world, acme.id, &sso, unverified)
        .await;
    assert_eq!(word(&finish), "provider_email_unverified");

    let entered = Browser::new().sign_in(&world, acme.id, &sso, grace).await;
    let me = world.get("/api/v1/auth/me").at(acme.id);
    let me = me.bearer(&access_token(&entered)).send().await.expect(200);
    assert_eq!(me.body["user"]["name"], "Person grace");
    assert_eq!(me.body["role"], "member");
    let events = world.events().await;
    assert!(
        events.ends_with(&["user.created".to_owned(), "member.joined".to_owned()]),
        "{events:?}"
    );
    // That the address is hers is the word of the organization's provider alone.
    let blank =
        "users where password_hash is null and email_verified_at is null and email like 'grace@%'";
    assert_eq!(world.count(blank).await, 1);

    // Once sent away she needs an invitation.
    world
        .alter("update memberships set active = false where role = 'member'")
        .await;
    let finish = Browser::new().sign_in(&world, acme.id, &sso, grace).await;
    assert_eq!(word(&finish), "not_a_member");
    world.close().await;
}

#[tokio::test]
async fn invited_newcomer_joins_with_the_role_that_was_given() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    // No password could be chosen to accept it with.
    world.rule(&acme, "password_sign_in = false").await;
    let grace = "grace@newcomers.example";
    let token = world.invite(&acme, grace, "manager").await;
    let entered = Browser::new().sign_in(&world, acme.id, &sso, grace).await;
    let me = world.get("/api/v1/auth/me").at(acme.id);
    let me = me.bearer(&access_token(&entered)).send().await.expect(200);
    assert_eq!(me.body["role"], "manager");
    let body = json!({"token": token});
    let preview = world.post("/api/v1/invitations/preview", &body);
    let preview = preview.at(acme.id).send().await;
    assert_eq!(preview.problem(), (410, "invitation_used"));
    world.close().await;
}

#[tokio::test]
async fn plan_bounds_those_who_join() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    allow_domain(&world, &acme, "newcomers.example").await;
    world.resolver.claims().people = Some(1);
    let finish = Browser::new()
        .sign_in(&world, acme.id, &sso, "grace@newcomers.example")
        .await;
    assert_eq!(word(&finish), "limit_people");
    assert_eq!(world.count("users").await, 1);
    world.close().await;
}

#[tokio::test]
async fn newcomer_who_comes_twice_at_once_is_one_person() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let sso = add_provider(&world, &acme).await;
    allow_domain(&world, &acme, "newcomers.example").await;
    let come = async || {
        Browser::new()
            .sign_in(&world, acme.id, &sso, "grace@newcomers.example")
            .await
    };
    let (one, two) = tokio::join!(come(), come());
    access_token(&one);
    access_token(&two);
    assert_eq!(world.count("users where email like 'grace@%'").await, 1);
    assert_eq!(world.count("memberships").await, 2);
    world.close().await;
}
