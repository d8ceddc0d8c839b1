//! Mail, through a real SMTP server.

use std::sync::Arc;

use identity::mail::Sender;
use secrecy::SecretString;
use serde_json::Value;
use testkit::{eventually, setting, unique};
use tokio_util::sync::CancellationToken;

use crate::world::{World, sign_up};

#[tokio::test]
async fn welcome_reaches_the_owner_once_the_server_is_there() {
    let world = World::new().await;
    let name = unique("mail");
    let email = format!("{name}@example.com");
    world
        .post("/api/v1/organizations", &sign_up(&name, &email))
        .send()
        .await
        .expect(201);

    // Nobody listens there: the mail stays, with its reason.
    let shutdown = run(&world, "smtp://127.0.0.1:1");
    let failed = "mail_queue where sent_at is null and attempts = 1 and last_error is not null";
    eventually("the first attempt fails", 10, async || {
        (world.count(failed).await == 1).then_some(())
    })
    .await;
    shutdown.cancel();

    world.clock.advance(chrono::TimeDelta::minutes(1));
    let shutdown = run(&world, &setting("TENANTRY_TEST_SMTP_URL"));
    let mail = eventually("the mail arrives", 10, async || newest_mail(&email).await).await;
    assert_eq!(mail["subject"], format!("The {name} company is ready"));
    assert_eq!(mail["from"], "Tenantry <no-reply@tenantry.localhost>");
    assert_eq!(mail["links"][0], format!("http://{name}.localhost:8080"));
    assert!(mail["html"].as_str().unwrap().contains("is ready"));
    let wiped = "mail_queue where sent_at is not null and text_body = '' and html_body = ''";
    eventually("the text is wiped", 10, async || {
        (world.count(wiped).await == 1).then_some(())
    })
    .await;
    shutdown.cancel();
    world.close().await;
}

fn run(world: &World, url: &str) -> CancellationToken {
    let from = &world.config.mail_from;
    let sender = Sender::new(&SecretString::from(url), from).unwrap();
    let shutdown = CancellationToken::new();
    tokio::spawn(sender.run(Arc::clone(&world.identity), shutdown.clone()));
    shutdown
}

async fn newest_mail(to: &str) -> Option<Value> {
    let url = format!(
        "{}/messages.json?to={to}",
        setting("TENANTRY_TEST_MAIL_URL")
    );
    let http = httpkit::client::http_client().unwrap();
    let mails: Vec<Value> = http.get(url).send().await.unwrap().json().await.unwrap();
    mails.into_iter().next()
}
