//! Receivers that fail, hang, are gone or lead inside, and a process that dies.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Clock, Role};
use project_svc::jobs::housekeeping;
use project_svc::jobs::webhooks::{self, Intake};
use sea_orm::sqlx::Executor;
use serde_json::{Value, json};

use super::Hooks;
use super::receiver::{Receiver, Reply};
use crate::client::text;
use crate::world::{World, eventually};

/// Waits of the standard, in seconds.
const WAITS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// How the newest attempt ended.
fn ending(delivery: &Value) -> (&Value, &Value) {
    let attempt = &delivery["attempt_log"][0];
    (&attempt["status"], &attempt["error"])
}

#[tokio::test]
async fn failed_delivery_is_tried_ten_times_over_days_and_then_the_webhook_is_switched_off() {
    let hooks = Hooks::new().await;
    let clock = &hooks.world.app.clock;
    hooks.receiver.always(Reply::Status(500));
    hooks.dispatch();
    hooks.happen(1).await;
    for (tried, seconds) in (1..).zip(WAITS) {
        let delivery = hooks.tried(tried).await;
        assert_eq!(delivery["state"], "waiting");
        let wait = (time(&delivery["next_attempt_at"]) - clock.now()).num_seconds();
        assert!(
            (seconds..=seconds * 6 / 5).contains(&wait),
            "{tried}: {wait}"
        );
        clock.advance(TimeDelta::seconds(wait - 1));
        assert_eq!(hooks.receiver.received().len(), tried as usize);
        clock.advance(TimeDelta::seconds(2));
    }
    assert_eq!(hooks.tried(10).await["state"], "failed");
    let ids: Vec<_> = hooks.receiver.wait_for(10).await;
    assert!(
        ids.iter()
            .all(|one| one.header("webhook-id") == ids[0].header("webhook-id"))
    );
    let webhook = hooks.webhook().await;
    assert_eq!(
        (&webhook["enabled"], &webhook["disabled_reason"]),
        (&json!(false), &json!("failing"))
    );
    let told = hooks.world.last_event("webhook.disabled").await;
    assert_eq!(told, json!({"webhook_id": hooks.id, "reason": "failing"}));
    hooks.world.end().await;
}

#[tokio::test]
async fn given_up_delivery_does_not_end_a_webhook_that_works_meanwhile() {
    let hooks = Hooks::new().await;
    let clock = &hooks.world.app.clock;
    hooks.happen(1).await;
    let late = "update webhook_deliveries set tries = 9";
    hooks.world.database.execute(late).await.unwrap();
    clock.advance(TimeDelta::hours(75));
    let well = sea_orm::sqlx::query("update webhooks set last_success_at = $1");
    let well = well.bind(clock.now() - TimeDelta::hours(1));
    well.execute(&hooks.world.database).await.unwrap();
    hooks.receiver.always(Reply::Status(500));
    hooks.dispatch();
    assert_eq!(hooks.tried(1).await["state"], "failed");
    assert_eq!(hooks.webhook().await["enabled"], true);
    hooks.world.end().await;
}

#[tokio::test]
async fn receiver_that_is_gone_is_never_asked_again() {
    let hooks = Hooks::new().await;
    hooks.receiver.always(Reply::Status(410));
    hooks.dispatch();
    hooks.happen(1).await;
    let delivery = hooks.tried(1).await;
    assert_eq!(delivery["state"], "failed");
    let webhook = hooks.webhook().await;
    assert_eq!(
        (&webhook["enabled"], &webhook["disabled_reason"]),
        (&json!(false), &json!("gone"))
    );
    hooks.happen(1).await;
    assert_eq!(hooks.deliveries().await.len(), 1);
    // Whoever switches it on again has taken note.
    let on = hooks
        .owner
        .patch(&hooks.path(), json!({"enabled": true}))
        .await;
    assert_eq!(on.expect(200)["disabled_reason"], json!(null));
    hooks.world.end().await;
}

#[tokio::test]
async fn redirects_are_not_followed_and_slow_or_endless_answers_end() {
    let hooks = Hooks::new().await;
    let clock = &hooks.world.app.clock;
    hooks.receiver.reply(&[
        Reply::Elsewhere,
        Reply::Silence,
        Reply::Endless(500),
        Reply::Endless(200),
    ]);
    hooks.dispatch();
    hooks.happen(1).await;
    let delivery = hooks.tried(1).await;
    assert_eq!(ending(&delivery), (&json!(302), &json!("redirect")));
    clock.advance(TimeDelta::days(1));
    let delivery = hooks.tried(2).await;
    assert_eq!(ending(&delivery), (&json!(null), &json!("timeout")));
    assert!(delivery["attempt_log"][0]["duration_ms"].as_i64().unwrap() >= 1_000);
    clock.advance(TimeDelta::days(1));
    let delivery = hooks.tried(3).await;
    assert_eq!(ending(&delivery), (&json!(500), &json!("status")));
    let answer = delivery["attempt_log"][0]["answer"].as_str().unwrap();
    assert!(answer.starts_with("drop by drop.") && answer.len() <= 1_024);
    clock.advance(TimeDelta::days(1));
    let delivery = hooks.tried(4).await;
    assert_eq!(
        (ending(&delivery), &delivery["state"]),
        ((&json!(200), &json!(null)), &json!("delivered"))
    );
    assert_eq!(hooks.receiver.received().len(), 4);
    hooks.world.end().await;
}

#[tokio::test]
async fn receiver_may_ask_for_time() {
    let hooks = Hooks::new().await;
    hooks.receiver.reply(&[Reply::Later(900)]);
    hooks.dispatch();
    hooks.happen(1).await;
    let delivery = hooks.tried(1).await;
    let wait = time(&delivery["next_attempt_at"]) - hooks.world.app.clock.now();
    assert_eq!(wait, TimeDelta::seconds(900));
    hooks.world.end().await;
}

#[tokio::test]
async fn delivery_is_sent_again_when_its_process_dies_in_between() {
    let hooks = Hooks::new().await;
    hooks.receiver.reply(&[Reply::Silence]);
    let process = hooks.dispatch();
    hooks.happen(1).await;
    hooks.receiver.wait_for(1).await;
    process.abort();
    // Another process leaves it alone while the claim holds.
    hooks.dispatch();
    housekeeping::sweep(&hooks.world.state).await;
    hooks.world.app.clock.advance(TimeDelta::seconds(59));
    assert_eq!(hooks.deliveries().await[0]["attempts"], 0);
    hooks.world.app.clock.advance(TimeDelta::seconds(2));
    let received = hooks.receiver.wait_for(2).await;
    assert_eq!(
        received[0].header("webhook-id"),
        received[1].header("webhook-id")
    );
    assert_eq!(hooks.tried(1).await["state"], "delivered");
    hooks.world.end().await;
}

#[tokio::test]
async fn receiver_that_hangs_holds_up_nobody_else() {
    let hooks = Hooks::new().await;
    let hanging = Receiver::new().await;
    hanging.always(Reply::Silence);
    let body = json!({"url": hanging.url, "events": ["task.*"]});
    let _ = hooks.owner.post("/webhooks", body).await.expect(201);
    hooks.happen(10).await;
    hooks.dispatch();
    hooks.receiver.wait_for(10).await;
    // Four at a time, while the first of them are not over.
    assert!(
        hanging.received().len() <= 8,
        "{}",
        hanging.received().len()
    );
    hooks.world.end().await;
}

#[tokio::test]
async fn name_that_leads_inside_is_not_called() {
    let world = World::with(Clock::system(), |config| config.webhook_networks.clear()).await;
    let (owner, receiver) = (world.person(Role::Owner), Receiver::new().await);
    let body = json!({"url": "https://example.com/hooks", "events": ["*"]});
    let webhook = text(&owner.post("/webhooks", body).await.expect(201), "id");
    let port = receiver
        .url
        .rsplit(':')
        .next()
        .unwrap()
        .replace("/hooks", "");
    tokio::spawn(webhooks::run(
        world.state.clone(),
        world.app.shutdown.clone(),
    ));
    for url in [
        // The name is judged when it is called: it may have been another's before.
        format!("https://localhost:{port}/"),
        format!("http://127.0.0.1:{port}/"),
    ] {
        let set = sea_orm::sqlx::query("update webhooks set url = $1").bind(&url);
        set.execute(&world.database).await.unwrap();
        let test = owner
            .post(&format!("/webhooks/{webhook}/test"), json!(null))
            .await;
        let delivery = text(&test.expect(201), "id");
        let path = format!("/webhooks/{webhook}/deliveries/{delivery}");
        eventually("the attempt", async || {
            owner.get(&path).await.expect(200)["attempts"] == 1
        })
        .await;
        let delivery = owner.get(&path).await.expect(200);
        assert_eq!(
            ending(&delivery),
            (&json!(null), &json!("address_refused")),
            "{url}"
        );
    }
    assert!(receiver.received().is_empty());
    world.end().await;
}

#[tokio::test]
async fn copy_of_an_organization_sends_nothing() {
    let hooks = Hooks::new().await;
    // Sealed for another organization, as in a copy of its database.
    let other = "update webhooks set secret = set_byte(secret, 40, get_byte(secret, 40) # 1)";
    hooks.world.database.execute(other).await.unwrap();
    hooks.dispatch();
    hooks.happen(1).await;
    let delivery = hooks.tried(1).await;
    assert_eq!(ending(&delivery), (&json!(null), &json!("secret_lost")));
    assert_eq!(hooks.webhook().await["disabled_reason"], "secret_lost");
    assert!(hooks.receiver.received().is_empty());
    // A new secret mends it.
    let path = format!("{}/rotate-secret", hooks.path());
    let rotated = hooks.owner.post(&path, json!(null)).await.expect(200);
    let on = hooks
        .owner
        .patch(&hooks.path(), json!({"enabled": true}))
        .await;
    let _ = on.expect(200);
    hooks.happen(1).await;
    let received = hooks.receiver.wait_for(1).await.remove(0);
    assert!(received.is_signed_with(&text(&rotated, "secret")));
    hooks.world.end().await;
}

#[tokio::test]
async fn log_is_kept_for_its_time_and_goes_with_its_webhook() {
    let hooks = Hooks::new().await;
    hooks.happen(3).await;
    let states = "update webhook_deliveries d set state = s.state, due_at = s.due
        from (select id, (array['delivered', 'failed', 'waiting'])[n] as state, case when n = 3 then now() end as due
              from (select id, row_number() over (order by id) as n from webhook_deliveries) numbered) s
        where d.id = s.id";
    hooks.world.database.execute(states).await.unwrap();
    let left = async || {
        let states = hooks.deliveries().await;
        let mut states: Vec<String> = states.iter().map(|one| text(one, "state")).collect();
        states.sort();
        states
    };
    for (days, expected) in [
        (29, &["delivered", "failed", "waiting"][..]),
        (2, &["failed", "waiting"]),
        (58, &["failed", "waiting"]),
        (2, &[]),
    ] {
        hooks.world.app.clock.advance(TimeDelta::days(days));
        housekeeping::sweep(&hooks.world.state).await;
        assert_eq!(left().await, expected);
    }
    let intake = Intake::new(hooks.world.state.clone());
    let (project, _) = hooks.owner.project("Gemini").await;
    hooks.owner.task(&project, "Fuel").await;
    intake.take(hooks.stream().await).await;
    hooks.owner.delete(&hooks.path()).await.expect(204);
    hooks.owner.get(&hooks.path()).await.expect(404);
    housekeeping::sweep(&hooks.world.state).await;
    for table in ["webhooks", "webhook_deliveries"] {
        let count = sea_orm::sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let count: i64 = sea_orm::sqlx::query_scalar(count)
            .fetch_one(&hooks.world.database)
            .await
            .unwrap();
        assert_eq!(count, 0, "{table}");
    }
    hooks.world.end().await;
}
