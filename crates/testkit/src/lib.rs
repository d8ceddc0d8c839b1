//! What tests share: the settings of the test system, waiting without sleeping, and a client that
//! speaks to the gateway as a browser would.
//!
//! For tests alone; here a missing server or a broken answer may panic.

#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so"
)]

mod front;

use std::time::Duration;

use tokio::time::Instant;

pub use front::{Answer, Front, Site};

const PAUSE: Duration = Duration::from_millis(20);

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
