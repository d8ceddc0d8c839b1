//! Passwords of links: argon2id (RFC 9106) with OWASP's least parameters, on the blocking pool, no
//! more at once than there are cores.
//!
//! The permit moves into the blocking task: a guest that hangs up does not let the next one in early.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use httpkit::Problem;
use serde::{Deserialize, Deserializer};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::timeout;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// 19 MiB of memory, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How long a check waits for its turn.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// When a guest that found no turn may come again.
const RETRY_AFTER_SECONDS: u64 = 2;
/// Sixty guesses an hour reach a shorter one in a holiday.
const MIN_CHARS: usize = 8;
/// Longer ones cost us more than they cost a guesser.
const MAX_BYTES: usize = 128;

/// A password as a client sent it; wiped when dropped, shown by nothing.
#[derive(Clone, ToSchema)]
#[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
pub(crate) struct Password(Zeroizing<String>);

impl Password {
    /// Whether any link can have it.
    pub(crate) fn is_possible(&self) -> bool {
        self.0.chars().count() >= MIN_CHARS && self.0.len() <= MAX_BYTES
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Why a password was neither hashed nor checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HasherError {
    /// Too many at once.
    #[error("password checks are at their limit")]
    Busy,
    /// No hash came out of it, or the stored one is none.
    #[error("hash or verify a password")]
    Hash(#[from] password_hash::Error),
    /// The task died.
    #[error("password task")]
    Task(#[from] JoinError),
}

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hasher {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
}

impl Hasher {
    /// A hasher for this machine.
    pub(crate) fn new() -> Result<Self, argon2::Error> {
        let parameters = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters),
            turns: Arc::new(Semaphore::new(cores)),
        })
    }

    /// The hash to store.
    pub(crate) async fn hash(&self, password: &Password) -> Result<String, HasherError> {
        let (argon2, password) = (self.argon2.clone(), password.clone());
        self.in_turn(move || {
            let hash: PasswordHash = argon2.hash_password(password.0.as_bytes())?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` is the one behind `stored`.
    pub(crate) async fn verify(
        &self,
        password: &Password,
        stored: &str,
    ) -> Result<bool, HasherError> {
        if !password.is_possible() {
            return Ok(false);
        }
        let (argon2, password, stored) = (self.argon2.clone(), password.clone(), stored.to_owned());
        self.in_turn(
            move || match argon2.verify_password(password.0.as_bytes(), stored.as_str()) {
                Ok(()) => Ok(true),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(error.into()),
            },
        )
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let turn = timeout(MAX_WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(HasherError::Busy);
        };
        metrics::counter!("shortener_password_hashes_total").increment(1);
        spawn_blocking(move || {
            let _turn = turn;
            work()
        })
        .await?
    }
}

impl From<HasherError> for Problem {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy => Self::unavailable("busy", RETRY_AFTER_SECONDS),
            HasherError::Hash(_) | HasherError::Task(_) => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_passes() {
        let hasher = Hasher::new().unwrap();
        let stored = hasher.hash(&"correct horse".into()).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert!(
            hasher
                .verify(&"correct horse".into(), &stored)
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify(&"Correct horse".into(), &stored)
                .await
                .unwrap()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_turn_has_an_end_and_impossible_passwords_take_none() {
        let hasher = Hasher::new().unwrap();
        hasher.turns.forget_permits(usize::MAX);
        let refused = hasher.hash(&"correct horse".into()).await.unwrap_err();
        assert_eq!(Problem::from(refused).status(), 503);
        let long = "x".repeat(MAX_BYTES + 1);
        for impossible in ["short", long.as_str()] {
            assert!(!hasher.verify(&impossible.into(), "").await.unwrap());
        }
    }
}
