//! Mail, through a real SMTP server.

use std::path::{Path, PathBuf};
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
    let shutdown = run(&world, "smtp://127.0.0.1:1", None);
    let failed = "mail_queue where sent_at is null and attempts = 1 and last_error is not null";
    eventually("the first attempt fails", 10, async || {
        (world.count(failed).await == 1).then_some(())
    })
    .await;
    shutdown.cancel();

    world.clock.advance(chrono::TimeDelta::minutes(1));
    let shutdown = run(&world, &setting("TENANTRY_TEST_SMTP_URL"), None);
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

/// The mail stays with its text while the server is one that `refused` reaches but does not trust, and arrives by
/// `accepted` at the next attempt.
async fn refused_then_sent(refused: &str, accepted: (&str, Option<PathBuf>), reason: &str) {
    let world = World::new().await;
    let name = unique("mail");
    let email = format!("{name}@example.com");
    let body = sign_up(&name, &email);
    let call = world.post("/api/v1/organizations", &body);
    call.send().await.expect(201);

    let shutdown = run(&world, refused, None);
    let failed = format!(
        "mail_queue where sent_at is null and attempts = 1 and text_body <> '' and last_error ilike '%{reason}%'"
    );
    eventually("the first attempt fails", 10, async || {
        let seen = "mail_queue where last_error is not null";
        (world.count(seen).await == 1).then_some(())
    })
    .await;
    assert_eq!(
        world.count(&failed).await,
        1,
        "{}",
        world.mail_error().await
    );
    assert!(newest_mail(&email).await.is_none(), "nothing was told");
    shutdown.cancel();

    world.clock.advance(chrono::TimeDelta::minutes(1));
    let (url, authority) = accepted;
    let shutdown = run(&world, url, authority.as_deref());
    let mail = eventually("the mail arrives", 10, async || newest_mail(&email).await).await;
    assert_eq!(mail["subject"], format!("The {name} company is ready"));
    let sent = "mail_queue where sent_at is not null and attempts = 2 and last_error is null";
    eventually("the mail is noted as sent", 10, async || {
        (world.count(sent).await == 1).then_some(())
    })
    .await;
    shutdown.cancel();
    world.close().await;
}

#[tokio::test]
async fn mail_goes_by_starttls_to_a_server_that_is_trusted_alone() {
    let url = setting("TENANTRY_TEST_SMTP_STARTTLS_URL");
    refused_then_sent(&url, (&url, Some(authority())), "certificate").await;
}

#[tokio::test]
async fn mail_goes_by_tls_to_a_server_that_is_trusted_alone() {
    let url = setting("TENANTRY_TEST_SMTPS_URL");
    refused_then_sent(&url, (&url, Some(authority())), "certificate").await;
}

#[tokio::test]
async fn server_without_starttls_gets_nothing_where_it_is_required() {
    let plain = setting("TENANTRY_TEST_SMTP_URL");
    let refused = format!("{plain}?tls=required");
    let accepted = setting("TENANTRY_TEST_SMTP_STARTTLS_URL");
    refused_then_sent(&refused, (&accepted, Some(authority())), "starttls").await;
}

#[tokio::test]
async fn certificate_of_another_host_is_refused() {
    let refused = setting("TENANTRY_TEST_SMTPS_URL").replace("127.0.0.1", "localhost");
    let shown = identity_error(&refused).await;
    assert!(shown.contains("certificate"), "{shown}");
}

/// What a mail fails with at a server whose certificate is known.
async fn identity_error(url: &str) -> String {
    let world = World::new().await;
    world.organization("acme").await;
    let shutdown = run(&world, url, Some(&authority()));
    eventually("the attempt fails", 10, async || {
        let seen = "mail_queue where last_error is not null and sent_at is null";
        (world.count(seen).await == 1).then_some(())
    })
    .await;
    shutdown.cancel();
    let shown = world.mail_error().await;
    world.close().await;
    shown
}

/// The certificate that the test server made for itself.
fn authority() -> PathBuf {
    setting("TENANTRY_TEST_SMTP_CA_FILE").into()
}

fn run(world: &World, url: &str, authority: Option<&Path>) -> CancellationToken {
    let from = &world.config.mail_from;
    let sender = Sender::new(&SecretString::from(url), from, authority).unwrap();
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
