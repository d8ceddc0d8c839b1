//! Joining by the domain of one's e-mail address.

use chrono::TimeDelta;
use serde_json::json;

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

async fn world() -> (World, Organization) {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let rule = "update organizations set allowed_email_domains = '{corp.example}'";
    world.alter(rule).await;
    (world, acme)
}

async fn register(world: &World, at: &Organization, email: &str) -> Answer {
    let body = json!({"email": email, "name": "Grace Hopper"});
    let call = world.post("/api/v1/auth/register", &body).at(at.id);
    call.send().await
}

async fn confirm(world: &World, at: &Organization, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    let call = world.post("/api/v1/auth/register/confirm", &body).at(at.id);
    call.send().await
}

async fn link(world: &World, at: &Organization, email: &str) -> String {
    register(world, at, email).await.expect(202);
    world.letters().await;
    world.token_of_newest_mail(email).await
}

#[tokio::test]
async fn people_of_an_allowed_domain_join_by_mail() {
    let (world, acme) = world().await;
    let (users, members) = (world.count("users").await, world.count("memberships").await);
    let token = link(&world, &acme, "Grace@Corp.Example").await;
    let made = (world.count("users").await, world.count("memberships").await);
    assert_eq!(
        made,
        (users, members),
        "nothing before the link is followed"
    );

    let session = confirm(&world, &acme, &token, PASSWORD).await.expect(200);
    let call = world.get("/api/v1/auth/me").at(acme.id);
    let me = call.bearer(&session.text("access_token")).send().await;
    assert_eq!(me.body["user"]["name"], "Grace Hopper");
    assert_eq!(me.body["role"], "member");
    let proved = "users where email = 'grace@corp.example' and email_verified_at is not null";
    assert_eq!(world.count(proved).await, 1);
    let events = world.events().await;
    assert!(events.ends_with(&["user.created".to_owned(), "member.joined".to_owned()]));
    let again = confirm(&world, &acme, &token, PASSWORD).await;
    assert_eq!(again.problem(), (400, "invalid_token"));
    world.close().await;
}

#[tokio::test]
async fn other_domains_need_an_invitation() {
    let (world, acme) = world().await;
    for email in [
        "grace@example.com",
        "grace@sub.corp.example",
        "grace@evilcorp.example",
    ] {
        let refused = register(&world, &acme, email).await;
        assert_eq!(
            refused.problem(),
            (403, "email_domain_not_allowed"),
            "{email}"
        );
    }
    // A rule that changes meanwhile counts.
    let token = link(&world, &acme, "grace@corp.example").await;
    world
        .alter("update organizations set allowed_email_domains = '{}'")
        .await;
    let refused = confirm(&world, &acme, &token, PASSWORD).await;
    assert_eq!(refused.problem(), (403, "email_domain_not_allowed"));
    assert_eq!(world.count("users").await, 1);
    world.close().await;
}

#[tokio::test]
async fn an_account_joins_with_its_own_password() {
    let (world, acme) = world().await;
    let zeta = world.organization("zeta").await;
    let invited = world.invite(&zeta, "grace@corp.example", "member").await;
    let body = json!({"token": invited, "name": "Grace", "password": PASSWORD});
    let call = world.post("/api/v1/invitations/accept", &body).at(zeta.id);
    call.send().await.expect(200);

    let token = link(&world, &acme, "grace@corp.example").await;
    let wrong = confirm(&world, &acme, &token, "an attacker's own password").await;
    assert_eq!(wrong.problem(), (401, "invalid_credentials"));
    confirm(&world, &acme, &token, PASSWORD).await.expect(200);
    // A member is told so by mail, and by mail alone.
    register(&world, &acme, "grace@corp.example")
        .await
        .expect(202);
    world.letters().await;
    let told = world.subjects("grace@corp.example").await;
    assert_eq!(told.last().unwrap(), "Your account at The acme company");
    world.close().await;
}

#[tokio::test]
async fn registration_ends_after_a_day_and_belongs_to_its_host() {
    let (world, acme) = world().await;
    let zeta = world.organization("zeta").await;
    let token = link(&world, &acme, "grace@corp.example").await;
    let elsewhere = confirm(&world, &zeta, &token, PASSWORD).await;
    assert_eq!(elsewhere.problem(), (400, "invalid_token"));
    world.clock.advance(TimeDelta::days(1));
    let late = confirm(&world, &acme, &token, PASSWORD).await;
    assert_eq!(late.problem(), (400, "invalid_token"));
    world.close().await;
}

#[tokio::test]
async fn who_was_removed_and_a_full_plan_stay_out() {
    let (world, acme) = world().await;
    world.member(&acme, "grace@corp.example", "member").await;
    world
        .alter("update memberships set active = false where role = 'member'")
        .await;
    let token = link(&world, &acme, "grace@corp.example").await;
    let refused = confirm(&world, &acme, &token, PASSWORD).await;
    assert_eq!(refused.problem(), (403, "invitation_required"));

    world.resolver.claims().people = Some(1);
    let token = link(&world, &acme, "linus@corp.example").await;
    let refused = confirm(&world, &acme, &token, PASSWORD).await;
    assert_eq!(refused.problem(), (403, "limit_people"));
    world.resolver.claims().people = Some(2);
    confirm(&world, &acme, &token, PASSWORD).await.expect(200);
    world.close().await;
}
