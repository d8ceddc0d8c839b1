//! Invitations, from the mail to the membership.

use axum::http::Method;
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::world::{Organization, PASSWORD, World};

const ACCEPT: &str = "/api/v1/invitations/accept";

async fn accept(world: &World, at: &Organization, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "name": "Grace Hopper", "password": password});
    world.post(ACCEPT, &body).at(at.id).send().await
}

#[tokio::test]
async fn invited_person_joins_once_with_the_role_that_was_given() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let token = world.invite(&acme, "Grace@Example.com", "manager").await;
    let preview = world
        .post("/api/v1/invitations/preview", &json!({"token": token}))
        .at(acme.id);
    let preview = preview.send().await.expect(200).body;
    assert_eq!(
        preview,
        json!({"organization": "The acme company", "email": "grace@example.com", "role": "manager", "custom_role": null, "has_account": false})
    );

    let session = accept(&world, &acme, &token, PASSWORD)
        .await
        .expect(200)
        .text("access_token");
    let me = world
        .get("/api/v1/auth/me")
        .at(acme.id)
        .bearer(&session)
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&me.body["role"], &me.body["user"]["email"]),
        (&json!("manager"), &json!("grace@example.com"))
    );
    assert_eq!(world.events().await[3..], ["user.created", "member.joined"]);
    assert_eq!(
        accept(&world, &acme, &token, PASSWORD).await.problem(),
        (410, "invitation_used")
    );
    world.close().await;
}

#[tokio::test]
async fn account_of_the_invited_address_is_opened_by_its_own_password_alone() {
    let world = World::new().await;
    let (acme, _zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let token = world.invite(&acme, "zeta@example.com", "member").await;
    let refused = accept(&world, &acme, &token, "another long password").await;
    assert_eq!(refused.problem(), (401, "invalid_credentials"));
    accept(&world, &acme, &token, PASSWORD).await.expect(200);
    assert_eq!(world.count("users").await, 2);
    world
        .login(acme.id, "zeta@example.com", PASSWORD)
        .await
        .expect(200);
    world.close().await;
}

#[tokio::test]
async fn parallel_acceptances_make_one_member() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let token = world.invite(&acme, "grace@example.com", "member").await;
    let answers = join_all((0..5).map(|_| accept(&world, &acme, &token, PASSWORD))).await;
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(made, 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.status != 500));
    assert_eq!(world.count("memberships").await, 2);
    world.close().await;
}

#[tokio::test]
async fn token_is_good_for_its_organization_and_its_time() {
    let world = World::new().await;
    let (acme, zeta) = (
        world.organization("acme").await,
        world.organization("zeta").await,
    );
    let token = world.invite(&acme, "grace@example.com", "member").await;
    for (at, token) in [(&zeta, token.as_str()), (&acme, "made-up")] {
        assert_eq!(
            accept(&world, at, token, PASSWORD).await.problem(),
            (404, "invitation_not_found")
        );
    }
    world.clock.advance(TimeDelta::days(7));
    assert_eq!(
        accept(&world, &acme, &token, PASSWORD).await.problem(),
        (410, "invitation_expired")
    );
    world.close().await;
}

#[tokio::test]
async fn revoked_and_replaced_invitations_are_unknown() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let first = world.invite(&acme, "grace@example.com", "member").await;
    let second = world.invite(&acme, "grace@example.com", "member").await;
    assert_eq!(
        accept(&world, &acme, &first, PASSWORD).await.problem(),
        (404, "invitation_not_found")
    );

    let list = world
        .get("/api/v1/invitations")
        .at(acme.id)
        .bearer(&acme.owner);
    let list = list.send().await.expect(200).body;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let path = format!(
        "/api/v1/invitations/{}",
        list["items"][0]["id"].as_str().unwrap()
    );
    for status in [204, 404] {
        let call = world
            .call(Method::DELETE, &path)
            .at(acme.id)
            .bearer(&acme.owner);
        call.send().await.expect(status);
    }
    assert_eq!(
        accept(&world, &acme, &second, PASSWORD).await.problem(),
        (404, "invitation_not_found")
    );
    world.close().await;
}

#[tokio::test]
async fn roles_limit_who_invites_whom() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let admin = world
        .member(&acme, "admin@example.com", "admin")
        .await
        .text("access_token");
    let viewer = world
        .member(&acme, "viewer@example.com", "viewer")
        .await
        .text("access_token");
    let invite = async |token: &str, email: &str, role: &str| {
        let body = json!({"email": email, "role": role});
        let call = world
            .post("/api/v1/invitations", &body)
            .at(acme.id)
            .bearer(token);
        call.send().await
    };
    invite(&admin, "x@example.com", "admin").await.expect(201);
    assert_eq!(
        invite(&admin, "x@example.com", "owner").await.problem(),
        (403, "role_not_grantable")
    );
    assert_eq!(
        invite(&viewer, "x@example.com", "viewer").await.problem(),
        (403, "permission_denied")
    );
    assert_eq!(
        invite(&admin, "viewer@example.com", "member")
            .await
            .problem(),
        (409, "already_member")
    );
    assert_eq!(invite(&admin, "nonsense", "member").await.status, 422);
    world.close().await;
}

#[tokio::test]
async fn same_key_invites_once() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let body = json!({"email": "grace@example.com", "role": "member"});
    let mut ids: Vec<Value> = Vec::new();
    for _ in 0..2 {
        let call = world
            .post("/api/v1/invitations", &body)
            .header("idempotency-key", "k");
        let answer = call
            .at(acme.id)
            .bearer(&acme.owner)
            .send()
            .await
            .expect(201);
        ids.push(answer.body["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(
        world
            .count("mail_queue where recipient = 'grace@example.com'")
            .await,
        1
    );
    world.close().await;
}

#[tokio::test]
async fn invitation_sent_again_is_good_by_its_new_link_alone() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let first = world.invite(&acme, "grace@example.com", "member").await;
    let list = async |query: &str| {
        let call = world
            .get(&format!("/api/v1/invitations{query}"))
            .at(acme.id);
        let page = call.bearer(&acme.owner).send().await.expect(200).body;
        page["items"].as_array().unwrap().clone()
    };
    let id = list("").await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/invitations/{id}/resend");
    let resend = || {
        world
            .post(&path, &json!({}))
            .at(acme.id)
            .bearer(&acme.owner)
            .send()
    };
    let early = resend().await;
    assert_eq!(early.problem(), (429, "invitation_just_sent"));
    assert_eq!(early.headers["retry-after"], "60");

    world
        .alter("update invitations set expires_at = now() - interval '1 hour'")
        .await;
    assert_eq!(
        accept(&world, &acme, &first, PASSWORD).await.problem(),
        (410, "invitation_expired")
    );
    let again = resend().await.expect(200);
    assert_eq!(again.body["status"], "open");
    let second = world.token_of_newest_mail("grace@example.com").await;
    assert_eq!(
        accept(&world, &acme, &first, PASSWORD).await.problem(),
        (404, "invitation_not_found")
    );
    accept(&world, &acme, &second, PASSWORD).await.expect(200);
    assert_eq!(resend().await.problem(), (410, "invitation_used"));
    world.close().await;
}

#[tokio::test]
async fn invitations_are_listed_by_what_became_of_them() {
    let world = World::new().await;
    let acme = world.organization("acme").await;
    let token = world.invite(&acme, "a@example.com", "member").await;
    accept(&world, &acme, &token, PASSWORD).await.expect(200);
    world.invite(&acme, "b@example.com", "member").await;
    world.invite(&acme, "b@example.com", "viewer").await;
    world.invite(&acme, "c@example.com", "member").await;
    world
        .alter("update invitations set expires_at = created_at where email = 'c@example.com'")
        .await;
    let list = async |query: &str| -> Vec<String> {
        let call = world
            .get(&format!("/api/v1/invitations?{query}"))
            .at(acme.id);
        let page = call.bearer(&acme.owner).send().await.expect(200).body;
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| format!("{} {}", item["email"], item["status"]).replace('"', ""))
            .collect()
    };
    assert_eq!(list("").await, ["b@example.com open"]);
    assert_eq!(list("status=accepted").await, ["a@example.com accepted"]);
    assert_eq!(list("status=revoked").await, ["b@example.com revoked"]);
    assert_eq!(list("status=expired").await, ["c@example.com expired"]);
    assert_eq!(
        list("status=all&email=B@example.com").await,
        ["b@example.com open", "b@example.com revoked"]
    );
    assert_eq!(list("status=all&limit=200").await.len(), 4);
    let wrong = world
        .get("/api/v1/invitations?status=lost")
        .at(acme.id)
        .bearer(&acme.owner);
    wrong.send().await.expect(422);
    world.close().await;
}
