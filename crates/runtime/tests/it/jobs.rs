use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use runtime::App;
use runtime::config::{SHARED_PREFIX, Variables};

fn app() -> App {
    let address = "http://127.0.0.1:1".to_owned();
    let pairs = [
        ("DOMAIN", "localhost".to_owned()),
        ("SERVICE_SECRET", "x".repeat(32)),
        ("AMQP_URL", address.clone()),
        ("RESOLVER_URL", address.clone()),
        ("IDENTITY_URL", address.clone()),
        ("PROJECT_URL", address.clone()),
        ("SHORTENER_URL", address.clone()),
        ("ANALYTICS_URL", address),
    ];
    let pairs = pairs.map(|(name, value)| (format!("{SHARED_PREFIX}{name}"), value));
    App::new(Variables::new(SHARED_PREFIX, pairs).read().unwrap())
}

#[tokio::test]
async fn stopping_waits_for_jobs_and_survives_one_that_panicked() {
    let app = app();
    let tidied = Arc::new(AtomicBool::new(false));
    let (done, shutdown) = (Arc::clone(&tidied), app.shutdown.clone());
    app.spawn("tidy", async move {
        shutdown.cancelled().await;
        tokio::task::yield_now().await;
        done.store(true, Ordering::Relaxed);
    });
    app.spawn(
        "broken",
        std::future::poll_fn(|_| -> Poll<()> { panic!("on purpose") }),
    );
    app.spawn_once("failing", async { Err::<(), _>("on purpose") });
    tokio::time::timeout(Duration::from_secs(5), app.stop())
        .await
        .unwrap();
    assert!(tidied.load(Ordering::Relaxed));
}

#[test]
fn a_short_service_secret_is_refused_by_name() {
    let pairs = [(format!("{SHARED_PREFIX}SERVICE_SECRET"), "short".to_owned())];
    let error = Variables::new(SHARED_PREFIX, pairs)
        .read::<runtime::Common>()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("TENANTRY_SERVICE_SECRET: expected at least 32 characters"),
        "{error}"
    );
    assert!(error.contains("TENANTRY_DOMAIN: is not set"), "{error}");
}
