//! What receivers get: signed, with one id however often it is sent.

use chrono::TimeDelta;
use kernel::Role;
use serde_json::json;

use super::Hooks;
use super::receiver::Reply;
use crate::client::text;

#[tokio::test]
async fn receiver_gets_what_it_asked_for_signed_and_the_log_says_so() {
    let hooks = Hooks::new().await;
    hooks.dispatch();
    let (project, _) = hooks.owner.project("Apollo").await;
    let task = hooks
        .owner
        .task(&project, "A title that stays inside")
        .await;
    hooks.take_in().await;
    let received = hooks.receiver.wait_for(1).await.remove(0);
    assert!(received.is_signed_with(&hooks.secret));
    assert!(!received.is_signed_with("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    assert_eq!(received.header("content-type"), "application/json");
    let now = hooks.world.app.clock.now();
    assert_eq!(
        received.header("webhook-timestamp"),
        now.timestamp().to_string()
    );
    let body = received.json();
    assert_eq!(body["type"], "task.created");
    assert_eq!(body["timestamp"], json!(now));
    assert_eq!(body["data"]["task_id"], json!(task));
    assert_eq!(body["data"]["organization_id"], json!(hooks.world.tenant));
    assert_eq!(body["data"]["actor_id"], json!(hooks.owner.id));
    assert!(!body.to_string().contains("title"));

    let delivery = hooks.tried(1).await;
    assert_eq!(delivery["state"], "delivered");
    assert_eq!(delivery["event_id"], received.header("webhook-id"));
    assert_eq!(delivery["body"], body);
    assert_eq!(delivery["next_attempt_at"], json!(null));
    let attempt = &delivery["attempt_log"][0];
    assert_eq!(
        (&attempt["number"], &attempt["status"]),
        (&json!(1), &json!(204))
    );
    assert_eq!(
        (&attempt["error"], &attempt["answer"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(hooks.webhook().await["last_success_at"], json!(now));
    hooks.world.end().await;
}

#[tokio::test]
async fn rotated_secret_signs_at_once_and_the_former_one_for_a_day() {
    let hooks = Hooks::new().await;
    hooks.dispatch();
    let path = format!("{}/rotate-secret", hooks.path());
    let rotated = hooks.owner.post(&path, json!(null)).await.expect(200);
    let newer = text(&rotated, "secret");
    assert_ne!(newer, hooks.secret);
    hooks.happen(1).await;
    let first = hooks.receiver.wait_for(1).await.remove(0);
    assert!(first.is_signed_with(&newer) && first.is_signed_with(&hooks.secret));
    hooks.world.app.clock.advance(TimeDelta::hours(24));
    hooks.happen(1).await;
    let second = hooks.receiver.wait_for(2).await.remove(1);
    assert!(second.is_signed_with(&newer) && !second.is_signed_with(&hooks.secret));
    hooks.world.end().await;
}

#[tokio::test]
async fn what_was_sent_is_sent_again_with_the_same_id() {
    let hooks = Hooks::new().await;
    hooks.dispatch();
    hooks.happen(1).await;
    let delivery = hooks.tried(1).await;
    let path = format!(
        "{}/deliveries/{}/resend",
        hooks.path(),
        text(&delivery, "id")
    );
    let again = hooks.owner.post(&path, json!(null)).await.expect(200);
    assert_eq!(again["state"], "waiting");
    let received = hooks.receiver.wait_for(2).await;
    assert_eq!(
        received[0].header("webhook-id"),
        received[1].header("webhook-id")
    );
    assert_eq!(received[0].body, received[1].body);
    let log = hooks.tried(2).await;
    assert_eq!(log["attempt_log"][0]["number"], 2);
    assert_eq!(log["attempt_log"].as_array().unwrap().len(), 2);
    hooks.world.end().await;
}

#[tokio::test]
async fn what_the_test_button_sends_is_never_repeated() {
    let hooks = Hooks::new().await;
    hooks.dispatch();
    hooks.receiver.reply(&[Reply::Status(500)]);
    let path = format!("{}/test", hooks.path());
    let test = hooks.owner.post(&path, json!(null)).await.expect(201);
    assert_eq!(test["type"], "webhook.test");
    let received = hooks.receiver.wait_for(1).await.remove(0);
    assert!(received.is_signed_with(&hooks.secret));
    assert_eq!(received.json()["data"]["webhook_id"], json!(hooks.id));
    let delivery = hooks.tried(1).await;
    assert_eq!(delivery["state"], "failed");
    let attempt = &delivery["attempt_log"][0];
    assert_eq!(
        (&attempt["status"], &attempt["error"]),
        (&json!(500), &json!("status"))
    );
    assert_eq!(attempt["answer"], "no more  of this");
    assert_eq!(hooks.webhook().await["enabled"], true);
    hooks.world.end().await;
}

#[tokio::test]
async fn what_waits_is_sent_when_the_webhook_is_switched_on_again() {
    let hooks = Hooks::new().await;
    hooks.happen(1).await;
    let off = hooks
        .owner
        .patch(&hooks.path(), json!({"enabled": false}))
        .await;
    let _ = off.expect(200);
    hooks.dispatch();
    // What happens while it is off is not told.
    hooks.happen(1).await;
    let delivery = hooks.deliveries().await.remove(0);
    assert_eq!(delivery["attempts"], 0);
    for path in [
        format!("{}/test", hooks.path()),
        format!(
            "{}/deliveries/{}/resend",
            hooks.path(),
            text(&delivery, "id")
        ),
    ] {
        let refused = hooks.owner.post(&path, json!(null)).await;
        refused.expect_problem(409, "webhook_disabled");
    }
    assert!(hooks.receiver.received().is_empty());
    let on = hooks
        .owner
        .patch(&hooks.path(), json!({"enabled": true}))
        .await;
    let _ = on.expect(200);
    hooks.receiver.wait_for(1).await;
    assert_eq!(hooks.tried(1).await["state"], "delivered");
    hooks.world.end().await;
}

#[tokio::test]
async fn delivery_belongs_to_its_webhook_alone() {
    let hooks = Hooks::new().await;
    hooks.happen(1).await;
    let delivery = text(&hooks.deliveries().await[0], "id");
    let body = json!({"url": hooks.receiver.url, "events": ["*"]});
    let other = hooks.owner.post("/webhooks", body).await.expect(201);
    let path = format!("/webhooks/{}/deliveries", text(&other, "id"));
    let owner = &hooks.owner;
    assert_eq!(owner.get(&path).await.expect(200)["items"], json!([]));
    owner.get(&format!("{path}/{delivery}")).await.expect(404);
    let resend = format!("{path}/{delivery}/resend");
    owner.post(&resend, json!(null)).await.expect(404);
    // Where it belongs it waits.
    let resend = format!("{}/deliveries/{delivery}/resend", hooks.path());
    let refused = owner.post(&resend, json!(null)).await;
    refused.expect_problem(409, "delivery_waiting");
    let member = hooks.world.person(Role::Member);
    member
        .get(&hooks.path())
        .await
        .expect_problem(403, "permission_denied");
    hooks.world.end().await;
}
