//! One's organizations, and the way from one to another.

use std::num::NonZeroU32;

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

const MINE: &str = "/api/v1/auth/organizations";

/// Acme's owner, who is a viewer of zeta too.
async fn two(world: &World) -> (Organization, Organization) {
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    world.member(&zeta, "acme@example.com", "viewer").await;
    (acme, zeta)
}

async fn ask(world: &World, from: &Organization, to: &Organization, token: &str) -> Answer {
    let path = format!("{MINE}/{}/ticket", to.id);
    world
        .post(&path, &json!({}))
        .at(from.id)
        .bearer(token)
        .send()
        .await
}

async fn redeem(world: &World, at: &Organization, ticket: &str) -> Answer {
    let body = json!({"ticket": ticket});
    world
        .post("/api/v1/auth/tickets", &body)
        .at(at.id)
        .send()
        .await
}

#[tokio::test]
async fn bare_domain_lists_organizations_with_a_ticket_each() {
    let world = World::new().await;
    let (acme, zeta) = two(&world).await;
    let ask = |email: &str, password: &str| {
        world
            .post(MINE, &json!({"email": email, "password": password}))
            .send()
    };
    let list = ask("acme@example.com", PASSWORD).await.expect(200).body;
    let items = list["items"].as_array().unwrap();
    let shown: Vec<_> = items
        .iter()
        .map(|item| (&item["organization"]["subdomain"], &item["role"]))
        .collect();
    assert_eq!(
        shown,
        [
            (&json!("acme"), &json!("owner")),
            (&json!("zeta"), &json!("viewer"))
        ]
    );

    let ticket = |index: usize| items[index]["ticket"].as_str().unwrap().to_owned();
    // A ticket for one organization is none for another, and is not lost by the try.
    assert_eq!(
        redeem(&world, &acme, &ticket(1)).await.problem(),
        (401, "invalid_ticket")
    );
    let session = redeem(&world, &zeta, &ticket(1))
        .await
        .expect(200)
        .text("access_token");
    let me = world
        .get("/api/v1/auth/me")
        .at(zeta.id)
        .bearer(&session)
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&me.body["role"], &me.body["user"]["email"]),
        (&json!("viewer"), &json!("acme@example.com"))
    );
    assert_eq!(
        redeem(&world, &zeta, &ticket(1)).await.problem(),
        (401, "invalid_ticket")
    );
    assert_eq!(
        world
            .count("sessions where method = 'password' and second_factor")
            .await,
        0
    );
    world.clock.advance(TimeDelta::minutes(5));
    assert_eq!(
        redeem(&world, &acme, &ticket(0)).await.problem(),
        (401, "invalid_ticket")
    );

    let wrong = ask("acme@example.com", "another long password").await;
    let unknown = ask("nobody@example.com", PASSWORD).await;
    assert_eq!(wrong.problem(), (401, "invalid_credentials"));
    assert_eq!(
        (wrong.status, &wrong.body["detail"]),
        (unknown.status, &unknown.body["detail"])
    );
    let on_host = world.post(
        MINE,
        &json!({"email": "acme@example.com", "password": PASSWORD}),
    );
    on_host.at(acme.id).send().await.expect(404);
    world.close().await;
}

#[tokio::test]
async fn passwords_are_guessed_no_faster_on_the_bare_domain() {
    let world = World::new().await;
    world.organization("acme").await;
    let guess = || {
        let body = json!({"email": "acme@example.com", "password": "another long password"});
        world.post(MINE, &body).send()
    };
    let answers = join_all((0..15).map(|_| guess())).await;
    let tried = answers.iter().filter(|answer| answer.status == 401).count();
    assert!(tried <= 10, "{tried}");
    assert!(answers.iter().any(|answer| answer.status == 429));
    world.close().await;
}

#[tokio::test]
async fn tickets_buy_no_guesses() {
    let few = NonZeroU32::new(30).unwrap();
    let world = World::with(|config| config.free_attempts_of_address = few).await;
    let (acme, zeta) = two(&world).await;
    let mut guessed = 0;
    for round in 0..12 {
        let right = json!({"email": "acme@example.com", "password": PASSWORD});
        let list = world.post(MINE, &right).send().await;
        if list.status == 429 {
            break;
        }
        let list = list.expect(200).body;
        for (index, at) in [&acme, &zeta].into_iter().enumerate() {
            let ticket = list["items"][index]["ticket"].as_str().unwrap();
            redeem(&world, at, ticket).await.expect(200);
        }
        for guess in 0..3 {
            let email = format!("p{round}-{guess}@example.com");
            let wrong = json!({"email": email, "password": "another long password"});
            guessed += u32::from(world.post(MINE, &wrong).send().await.status == 401);
        }
    }
    assert!((1..=30).contains(&guessed), "{guessed}");
    world.close().await;
}

#[tokio::test]
async fn changed_password_ends_its_tickets() {
    let world = World::new().await;
    let (acme, zeta) = two(&world).await;
    let right = json!({"email": "acme@example.com", "password": PASSWORD});
    let list = world.post(MINE, &right).send().await.expect(200).body;
    let change = json!({"current_password": PASSWORD, "new_password": "another long password"});
    world
        .put("/api/v1/auth/password", &change)
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(204);
    let ticket = list["items"][1]["ticket"].as_str().unwrap();
    assert_eq!(
        redeem(&world, &zeta, ticket).await.problem(),
        (401, "invalid_ticket")
    );
    world.close().await;
}

#[tokio::test]
async fn session_opens_one_in_another_organization_once() {
    let world = World::new().await;
    let (acme, zeta) = two(&world).await;
    let other = world.organization("other").await;
    let list = world
        .get(MINE)
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(200)
        .body;
    let shown: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["organization"]["subdomain"].as_str().unwrap(),
                item["current"] == true,
                item["switchable"] == true,
            )
        })
        .collect();
    assert_eq!(shown, [("acme", true, false), ("zeta", false, true)]);
    let page = world
        .get(&format!("{MINE}?limit=1"))
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(200)
        .body;
    let next = format!(
        "{MINE}?limit=1&cursor={}",
        page["next_cursor"].as_str().unwrap()
    );
    let page = world
        .get(&next)
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(200)
        .body;
    assert_eq!(page["items"][0]["organization"]["subdomain"], "zeta");
    assert!(page["next_cursor"].is_null());

    ask(&world, &acme, &other, &acme.owner).await.expect(404);
    let ticket = ask(&world, &acme, &zeta, &acme.owner)
        .await
        .expect(200)
        .text("ticket");
    let answers = join_all((0..5).map(|_| redeem(&world, &zeta, &ticket))).await;
    let opened = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(opened, 1, "{answers:?}");
    assert_eq!(world.count("sessions where method = 'session'").await, 1);
    world.close().await;
}

#[tokio::test]
async fn ticket_ends_with_its_session_and_with_the_membership() {
    let world = World::new().await;
    let (acme, zeta) = two(&world).await;
    let fresh = async || {
        let session = world
            .login(acme.id, "acme@example.com", PASSWORD)
            .await
            .expect(200);
        let token = session.text("access_token");
        let ticket = ask(&world, &acme, &zeta, &token)
            .await
            .expect(200)
            .text("ticket");
        (token, ticket)
    };
    let (token, ticket) = fresh().await;
    let logout = world
        .post("/api/v1/auth/logout", &json!({}))
        .at(acme.id)
        .bearer(&token);
    logout.send().await.expect(204);
    assert_eq!(
        redeem(&world, &zeta, &ticket).await.problem(),
        (401, "invalid_ticket")
    );
    ask(&world, &acme, &zeta, &token).await.expect(401);

    let (token, ticket) = fresh().await;
    let member = format!("/api/v1/users/{}", acme.owner_id);
    world
        .delete(&member)
        .at(zeta.id)
        .bearer(&zeta.owner)
        .send()
        .await
        .expect(204);
    assert_eq!(
        redeem(&world, &zeta, &ticket).await.problem(),
        (401, "invalid_ticket")
    );
    ask(&world, &acme, &zeta, &token).await.expect(404);
    world.close().await;
}

#[tokio::test]
async fn organization_that_asks_for_a_sign_in_gets_one() {
    let world = World::new().await;
    let (acme, zeta) = two(&world).await;
    let refused = (403, "sign_in_required");
    let before = ask(&world, &acme, &zeta, &acme.owner)
        .await
        .expect(200)
        .text("ticket");
    let body = json!({"switch_without_password": false});
    let rule = world
        .patch("/api/v1/organization", &body)
        .at(zeta.id)
        .bearer(&zeta.owner);
    rule.send().await.expect(200);
    assert_eq!(
        ask(&world, &acme, &zeta, &acme.owner).await.problem(),
        refused
    );
    assert_eq!(redeem(&world, &zeta, &before).await.problem(), refused);
    let list = world
        .get(MINE)
        .at(acme.id)
        .bearer(&acme.owner)
        .send()
        .await
        .expect(200)
        .body;
    assert_eq!(list["items"][1]["switchable"], false);

    // Without passwords none is enough: what a ticket opens counts as a session elsewhere, whatever that began with.
    world
        .alter("update organizations set switch_without_password = true, password_sign_in = false")
        .await;
    for method in ["session", "password", "passkey", "provider"] {
        let began = format!("update sessions set method = '{method}'");
        world.alter(&began).await;
        let ticket = ask(&world, &acme, &zeta, &acme.owner).await;
        assert_eq!(ticket.problem(), refused, "{method}");
    }
    world.close().await;
}

#[tokio::test]
async fn ticket_is_not_for_a_session_of_an_organizations_own_provider() {
    let world = World::new().await;
    let (acme, zeta) = two(&world).await;
    let before = ask(&world, &acme, &zeta, &acme.owner)
        .await
        .expect(200)
        .text("ticket");
    let other = world.organization("other").await;
    let token = world.invite(&other, "acme@example.com", "manager").await;
    world
        .alter("update sessions set method = 'own_provider'")
        .await;

    let confined = (403, "session_confined");
    assert_eq!(
        ask(&world, &acme, &zeta, &acme.owner).await.problem(),
        confined
    );
    let list = world.get(MINE).at(acme.id).bearer(&acme.owner).send().await;
    assert_eq!(list.problem(), confined);
    let accept = world
        .post("/api/v1/auth/invitations/accept", &json!({"token": token}))
        .at(acme.id)
        .bearer(&acme.owner);
    assert_eq!(accept.send().await.problem(), confined);
    assert_eq!(
        redeem(&world, &zeta, &before).await.problem(),
        (403, "sign_in_required")
    );
    world.close().await;
}

#[tokio::test]
async fn signed_in_person_accepts_an_invitation_to_another_organization() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let other = world.organization("other").await;
    let token = world.invite(&zeta, "acme@example.com", "manager").await;
    let accept = |at: &Organization| {
        let call = world.post("/api/v1/auth/invitations/accept", &json!({"token": token}));
        call.at(at.id).bearer(&at.owner).send()
    };
    let refused = accept(&other).await;
    assert_eq!(refused.problem(), (403, "invitation_of_other_address"));
    let joined = accept(&acme).await.expect(200);
    assert_eq!(joined.body["organization"]["subdomain"], "zeta");
    let session = redeem(&world, &zeta, &joined.text("ticket"))
        .await
        .expect(200);
    let me = world
        .get("/api/v1/auth/me")
        .at(zeta.id)
        .bearer(&session.text("access_token"));
    assert_eq!(me.send().await.expect(200).body["role"], "manager");
    assert_eq!(accept(&acme).await.problem(), (410, "invitation_used"));
    world.close().await;
}

#[tokio::test]
async fn session_out_of_a_ticket_is_no_recent_sign_in() {
    let world = World::new().await;
    let (acme, zeta) = two(&world).await;
    let ticket = ask(&world, &acme, &zeta, &acme.owner).await.expect(200);
    let entered = redeem(&world, &zeta, &ticket.text("ticket")).await;
    let entered = entered.expect(200).text("access_token");
    world.alter("update users set password_hash = null").await;
    let begin = async |at: &Organization, token: &str| {
        let call = world.post("/api/v1/auth/totp", &json!({})).at(at.id);
        call.bearer(token).send().await
    };
    let refused = begin(&zeta, &entered).await;
    assert_eq!(refused.problem(), (403, "confirmation_required"));
    // The session it came from began minutes ago.
    begin(&acme, &acme.owner).await.expect(200);
    world.close().await;
}
