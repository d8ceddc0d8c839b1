//! Links while parts are away.

use e2e::{Dev, Organization};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::eventually;

const OPENS: i64 = 400;

async fn open(acme: &Organization, link: &Value) -> u16 {
    let path = format!("/s/{}", link["code"].as_str().unwrap());
    let request = acme.site.request(Method::GET, &path);
    let request = request.header("accept", "text/html");
    acme.site.send(request).await.status.as_u16()
}

#[tokio::test]
async fn killing_the_shortener_loses_no_visit() {
    Dev.whole().await;
    let acme = Organization::sign_up().await;
    let body = json!({"resource": {"kind": "url", "url": "/projects/1"}});
    let link = acme
        .owner
        .api
        .post("/api/v1/links", &body)
        .await
        .expect(201)
        .json();
    for _ in 0..4 {
        for _ in 0..OPENS / 4 {
            assert_eq!(open(&acme, &link).await, 302);
        }
        Dev.kill("shortener").await;
        Dev.start("shortener").await;
    }
    let path = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
    eventually("every open is counted", 30, async || {
        let found = acme.owner.api.get(&path).await.expect(200).json();
        let opens = found["opens"].as_i64().unwrap();
        assert!(opens <= OPENS, "{opens} opens");
        (opens == OPENS).then_some(())
    })
    .await;
    eventually("every open is told once", 60, async || {
        let dashboard = acme.owner.api.get("/api/v1/analytics/dashboard").await;
        let opens = dashboard.expect(200).json()["links"]["opens"]
            .as_i64()
            .unwrap();
        assert!(opens <= OPENS, "{opens} opens told");
        (opens == OPENS).then_some(())
    })
    .await;
}

#[tokio::test]
async fn links_open_and_stop_while_the_broker_is_away() {
    Dev.whole().await;
    let acme = Organization::sign_up().await;
    let body = json!({"resource": {"kind": "url", "url": "/projects/1"}});
    let link = acme
        .owner
        .api
        .post("/api/v1/links", &body)
        .await
        .expect(201)
        .json();
    assert_eq!(open(&acme, &link).await, 302);
    Dev.stop("rabbitmq").await;
    assert_eq!(open(&acme, &link).await, 302);
    let path = format!("/api/v1/links/{}", link["id"].as_str().unwrap());
    let _ = acme.owner.api.delete(&path).await.expect(204);
    assert_eq!(open(&acme, &link).await, 404);
    Dev.start("rabbitmq").await;
}
