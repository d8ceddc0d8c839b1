//! Making, changing and deleting webhooks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{read, text};
use crate::world::World;

fn body() -> Value {
    json!({"url": "https://example.com/hooks", "events": ["task.*", "project.created"]})
}

#[tokio::test]
async fn secret_is_shown_once_and_kept_sealed() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let made = owner.post("/webhooks", body()).await;
    assert_eq!(made.header("etag"), "\"1\"");
    let made = made.expect(201);
    let secret = text(&made, "secret");
    assert!(
        secret.starts_with("whsec_") && secret.len() == 50,
        "{secret}"
    );
    let path = format!("/webhooks/{}", text(&made, "id"));
    let shown = owner.get(&path).await.expect(200);
    assert_eq!(shown.get("secret"), None);
    let list = owner.get("/webhooks").await.expect(200);
    assert_eq!(list["items"], json!([shown]));
    let kept: String = sea_orm::sqlx::query_scalar("select webhooks::text from webhooks")
        .fetch_one(&world.database)
        .await
        .unwrap();
    let key = STANDARD
        .decode(secret.trim_start_matches("whsec_"))
        .unwrap();
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(kept.contains("\\x") && !kept.contains(&hex));
    let told = world.last_event("webhook.created").await;
    assert_eq!(
        told,
        json!({"webhook_id": made["id"], "created_by": owner.id})
    );
    world.end().await;
}

#[tokio::test]
async fn addresses_and_types_that_cannot_be_are_refused() {
    let world = World::with(kernel::Clock::system(), |config| {
        config.webhook_networks.clear();
    })
    .await;
    let owner = world.person(Role::Admin);
    for url in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://ok@example.com/",
        "https://example.com:5672/",
        "https://acme.localhost/",
        "ftp://example.com/",
        "nowhere",
    ] {
        let mut body = body();
        body["url"] = json!(url);
        owner
            .post("/webhooks", body)
            .await
            .expect_refused(&["/url"]);
    }
    for (events, pointer) in [
        (json!([]), "/events"),
        (json!(["task.created", "task.moon"]), "/events/1"),
        (json!(["session.revoked"]), "/events/0"),
        (json!(["webhook.*"]), "/events/0"),
        (json!(["tenant.*"]), "/events/0"),
        (json!(vec!["*"; 61]), "/events"),
    ] {
        let mut body = body();
        body["events"] = events;
        owner
            .post("/webhooks", body)
            .await
            .expect_refused(&[pointer]);
    }
    let mut body = body();
    body["project_id"] = json!("0192aaaa-0000-7000-8000-000000000001");
    owner.post("/webhooks", body).await.expect(404);
    world.end().await;
}

#[tokio::test]
async fn change_is_meant_for_a_version_and_told_without_the_address() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    let made = owner.post("/webhooks", body()).await.expect(201);
    let path = format!("/webhooks/{}", text(&made, "id"));
    let patch = json!({"url": "https://example.org/a%20b?c", "description": "For the wiki"});
    let changed = owner.patch(&path, patch).await.expect(200);
    assert_eq!(changed["url"], "https://example.org/a%20b?c");
    assert_eq!(changed["events"], made["events"]);
    let told = world.last_event("webhook.updated").await;
    assert_eq!(told["changed"], json!(["url", "description"]));
    let stale = owner
        .request(Method::PATCH, &path)
        .header("if-match", "\"1\"");
    read(stale.json(&json!({"enabled": false})))
        .await
        .expect(412);
    let stale = json!({"enabled": false, "version": 1});
    owner
        .patch(&path, stale)
        .await
        .expect_problem(409, "stale_version");
    let inside = json!({"url": "https://10.0.0.1/"});
    owner.patch(&path, inside).await.expect_refused(&["/url"]);
    let stale = owner.request(Method::POST, &format!("{path}/rotate-secret"));
    read(stale.header("if-match", "\"1\"")).await.expect(412);
    let stale = owner
        .request(Method::DELETE, &path)
        .header("if-match", "\"1\"");
    read(stale).await.expect(412);
    owner.delete(&path).await.expect(204);
    owner.delete(&path).await.expect(404);
    assert_eq!(
        world.last_event("webhook.deleted").await,
        json!({"webhook_id": made["id"]})
    );
    world.end().await;
}

#[tokio::test]
async fn two_that_make_the_last_one_at_once_leave_one() {
    let world = World::new().await;
    let owner = world.person(Role::Owner);
    for _ in 0..19 {
        let _ = owner.post("/webhooks", body()).await.expect(201);
    }
    let (one, two) = tokio::join!(
        owner.post("/webhooks", body()),
        owner.post("/webhooks", body())
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let page = owner.get("/webhooks?limit=15").await.expect(200);
    let cursor = text(&page, "next_cursor");
    let rest = owner
        .get(&format!("/webhooks?limit=15&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 5);
    let first = text(&page["items"][0], "id");
    owner
        .delete(&format!("/webhooks/{first}"))
        .await
        .expect(204);
    let _ = owner.post("/webhooks", body()).await.expect(201);
    world.end().await;
}
