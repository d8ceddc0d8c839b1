//! Proving an address, and changing it.

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

async fn verify(world: &World, at: &Organization, token: &str) -> Answer {
    let body = json!({"token": token});
    let call = world
        .post("/api/v1/auth/verify-email-token", &body)
        .at(at.id);
    call.bearer(&at.owner).send().await
}

async fn send_verification(world: &World, at: &Organization) -> Answer {
    let call = world
        .post("/api/v1/auth/verify-email", &json!({}))
        .at(at.id);
    call.bearer(&at.owner).send().await
}

async fn change(world: &World, at: &Organization, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    let call = world.post("/api/v1/auth/change-email", &body).at(at.id);
    call.bearer(&at.owner).send().await
}

async fn confirm(world: &World, at: &Organization, token: &str) -> Answer {
    let body = json!({"token": token});
    let call = world.post("/api/v1/auth/confirm-email", &body).at(at.id);
    call.send().await
}

const PROVED: &str = "users where email_verified_at is not null";

#[tokio::test]
async fn address_is_proved_by_the_welcome_or_by_a_link_asked_for() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let first = world.token_of_newest_mail("acme@example.com").await;
    send_verification(&world, &acme).await.expect(202);
    let second = world.token_of_newest_mail("acme@example.com").await;
    assert_eq!(
        verify(&world, &acme, &first).await.problem(),
        (400, "invalid_token")
    );
    assert_eq!(world.count(PROVED).await, 0);
    verify(&world, &acme, &second).await.expect(204);
    assert_eq!(world.count(PROVED).await, 1);
    assert_eq!(
        verify(&world, &acme, &second).await.problem(),
        (400, "invalid_token")
    );
    let again = send_verification(&world, &acme).await;
    assert_eq!(again.problem(), (409, "email_verified"));

    // Whoever accepts an invitation read the mail.
    world.member(&acme, "grace@example.com", "member").await;
    assert_eq!(world.count(PROVED).await, 2);

    let zeta = world.organization("zeta").await;
    let welcome = world.token_of_newest_mail("zeta@example.com").await;
    world.clock.advance(TimeDelta::days(3));
    assert_eq!(
        verify(&world, &zeta, &welcome).await.problem(),
        (400, "invalid_token")
    );
    world.close().await;
}

#[tokio::test]
async fn mailbox_alone_proves_nothing_about_an_account_that_somebody_made_in_its_name() {
    let world = World::new().await;
    // Mallory signs up with an address of somebody else's, who follows the link of the mail.
    let squatted = world.organization("squatted").await;
    let token = world.token_of_newest_mail("squatted@example.com").await;
    let body = json!({"token": token});
    let path = "/api/v1/auth/verify-email-token";
    let nobody = world.post(path, &body).at(squatted.id).send().await;
    assert_eq!(nobody.status, 401);
    let acme = world.organization("acme").await;
    let another = verify(&world, &acme, &token).await;
    assert_eq!(another.problem(), (400, "invalid_token"));
    assert_eq!(world.count(PROVED).await, 0);
    // None of this used the token up.
    verify(&world, &squatted, &token).await.expect(204);
    world.close().await;
}

#[tokio::test]
async fn address_changes_once_both_mailboxes_agree() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let wrong = change(&world, &acme, "ada@example.org", "wrong horse battery").await;
    assert_eq!(wrong.problem(), (403, "wrong_password"));
    change(&world, &acme, "ada@example.org", PASSWORD)
        .await
        .expect(202);
    world.letters().await;
    let old = world.token_of_newest_mail("acme@example.com").await;
    let new = world.token_of_newest_mail("ada@example.org").await;

    let one = confirm(&world, &acme, &new).await.expect(200);
    assert_eq!(one.body, json!({"changed": false}));
    world
        .login(acme.id, "acme@example.com", PASSWORD)
        .await
        .expect(200);
    assert_eq!(
        confirm(&world, &acme, &new).await.problem(),
        (400, "invalid_token")
    );
    let both = confirm(&world, &acme, &old).await.expect(200);
    assert_eq!(both.body, json!({"changed": true}));
    world
        .login(acme.id, "ada@example.org", PASSWORD)
        .await
        .expect(200);
    let former = world.login(acme.id, "acme@example.com", PASSWORD).await;
    assert_eq!(former.problem(), (401, "invalid_credentials"));
    let told = world.subjects("acme@example.com").await;
    assert_eq!(told.last().unwrap(), "Your e-mail address was changed");
    assert_eq!(world.count(PROVED).await, 1);
    // The welcome's link was of the former address.
    world.close().await;
}

#[tokio::test]
async fn both_links_at_once_change_the_address() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    change(&world, &acme, "ada@example.org", PASSWORD)
        .await
        .expect(202);
    world.letters().await;
    let old = world.token_of_newest_mail("acme@example.com").await;
    let new = world.token_of_newest_mail("ada@example.org").await;
    let answers = join_all([confirm(&world, &acme, &old), confirm(&world, &acme, &new)]).await;
    let changed = answers
        .iter()
        .filter(|answer| answer.body["changed"] == true);
    assert_eq!(changed.count(), 1, "{answers:?}");
    assert_eq!(
        world.count("users where email = 'ada@example.org'").await,
        1
    );
    world.close().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_to_its_owner_alone() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    world.organization("zeta").await;
    let taken = change(&world, &acme, "zeta@example.com", PASSWORD).await;
    let free = change(&world, &acme, "free@example.com", PASSWORD).await;
    assert_eq!((taken.status, taken.body), (free.status, free.body));
    world.letters().await;
    let told = world.subjects("zeta@example.com").await;
    assert_eq!(told.last().unwrap(), "Your e-mail address at Tenantry");
    let links =
        "mail_queue where recipient = 'zeta@example.com' and text_body like '%confirm-email%'";
    assert_eq!(world.count(links).await, 0);
    world.close().await;
}

#[tokio::test]
async fn a_change_is_void_after_a_newer_one_a_new_password_or_a_rival() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let links = async |to: &str| {
        change(&world, &acme, to, PASSWORD).await.expect(202);
        world.letters().await;
        let old = world.token_of_newest_mail("acme@example.com").await;
        (old, world.token_of_newest_mail(to).await)
    };
    let (old, _) = links("ada@example.org").await;
    let (old2, new2) = links("ada@example.net").await;
    assert_eq!(
        confirm(&world, &acme, &old).await.problem(),
        (400, "invalid_token")
    );

    // Half agreed, then somebody else takes the address.
    confirm(&world, &acme, &old2).await.expect(200);
    let rival = crate::world::sign_up("rival", "ada@example.net");
    world
        .post("/api/v1/organizations", &rival)
        .send()
        .await
        .expect(201);
    assert_eq!(
        confirm(&world, &acme, &new2).await.problem(),
        (409, "email_taken")
    );

    let (old3, new3) = links("ada@example.edu").await;
    confirm(&world, &acme, &old3).await.expect(200);
    let body = json!({"current_password": PASSWORD, "new_password": "tyger tyger burning"});
    let call = world.put("/api/v1/auth/password", &body).at(acme.id);
    call.bearer(&acme.owner).send().await.expect(204);
    assert_eq!(
        confirm(&world, &acme, &new3).await.problem(),
        (400, "invalid_token")
    );
    world
        .login(acme.id, "acme@example.com", "tyger tyger burning")
        .await
        .expect(200);
    world.close().await;
}
