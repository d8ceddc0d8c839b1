//! What tests share: the settings of the test system, waiting without sleeping, a database of their own, what
//! a service under test needs around it, and a client that speaks to the gateway as a browser would.
//!
//! For tests alone; here a missing server or a broken answer may panic.

#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

mod database;
mod front;
mod service;

use std::time::Duration;

use tokio::time::Instant;

pub use database::Database;
pub use front::{Answer, Front, Site};
pub use service::{SECRET, claims, listen, shared_settings};

const PAUSE: Duration = Duration::from_millis(20);
/// For what takes milliseconds on a machine that does nothing else.
const PATIENCE_SECONDS: u64 = 30;

/// A setting of the test system; panics with what to do when it is missing.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment where the system is"
)]
pub fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run it through ./dev test"))
}

/// Waits until `probe` finds something, at most `seconds`.
pub async fn eventually<T>(
    what: &str,
    seconds: u64,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "waited {seconds} s in vain: {what}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until `condition` holds, with patience.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    eventually(what, PATIENCE_SECONDS, async || {
        condition().await.then_some(())
    })
    .await;
}

/// A name no other test uses: letters and digits, a letter first, `prefix` in front.
pub fn unique(prefix: &str) -> String {
    let random = kernel::secret::sha256(kernel::secret::random_token().expect("random source"));
    let tail: String = random
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{prefix}{tail}")
}
