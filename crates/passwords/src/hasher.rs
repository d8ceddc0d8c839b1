//! argon2id (RFC 9106) with OWASP's least parameters, on threads of its own: on half of the cores and behind other work, so
//! that a flood of sign-ins leaves the machine to other requests, and behind a queue with an end.
//!
//! The permit moves into the blocking task: a client that hangs up does not let the next one in early.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use httpkit::Problem;
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use tokio::time::timeout;

use crate::Password;
use crate::workers::Workers;

/// 19 MiB of memory, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How long work waits for its turn.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// How many may wait for each turn: what MAX_WAIT is enough for.
const QUEUE_OF_TURN: usize = 128;
/// When a client that found no turn may come again.
const RETRY_AFTER_SECONDS: u64 = 2;

/// Why a password was neither hashed nor checked.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// Too many at once.
    #[error("password checks are at their limit")]
    Busy,
    /// The parameters are not argon2's.
    #[error("argon2 parameters")]
    Parameters(#[from] argon2::Error),
    /// No hash came out of it, or the stored one is none.
    #[error("hash or verify a password")]
    Hash(#[from] password_hash::Error),
    /// No threads to be had.
    #[error("start password threads")]
    Threads(#[from] std::io::Error),
    /// The task died.
    #[error("password task")]
    Task(#[from] JoinError),
}

/// Hashes and checks passwords. Cheap to clone; clones share the turns, so a process needs one.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    workers: Arc<Workers>,
    turns: Arc<Semaphore>,
    /// Places of those who work or wait.
    places: Arc<Semaphore>,
    /// What a password is checked against when there is no account.
    decoy: Arc<str>,
}

impl Hasher {
    /// A hasher for this machine. Hashes once, so call it at start.
    pub fn new() -> Result<Self, HasherError> {
        let parameters = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
        let decoy: PasswordHash = argon2.hash_password(b"nobody's password")?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let turns = cores.div_ceil(2);
        Ok(Self {
            argon2,
            workers: Arc::new(Workers::start(turns)?),
            turns: Arc::new(Semaphore::new(turns)),
            places: Arc::new(Semaphore::new(turns + turns * QUEUE_OF_TURN)),
            decoy: decoy.to_string().into(),
        })
    }

    /// The hash to store.
    pub async fn hash(&self, password: &Password) -> Result<String, HasherError> {
        let (argon2, password) = (self.argon2.clone(), password.clone());
        self.in_turn(move || {
            let hash: PasswordHash = argon2.hash_password(password.as_str().as_bytes())?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` is the one behind `stored`. Without one the answer is no, after the same work.
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&str>,
    ) -> Result<bool, HasherError> {
        let (argon2, password) = (self.argon2.clone(), password.clone());
        let known = stored.is_some();
        let stored: Arc<str> = stored.map_or_else(|| Arc::clone(&self.decoy), Arc::from);
        self.in_turn(
            move || match argon2.verify_password(password.as_str().as_bytes(), &*stored) {
                Ok(()) => Ok(known),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(error.into()),
            },
        )
        .await
    }

    /// Whether a stored hash was made with less memory, fewer passes or another algorithm than is asked for now.
    pub fn is_weak(&self, stored: &str) -> bool {
        let Ok(hash) = PasswordHash::new(stored) else {
            return true;
        };
        let Ok(params) = Params::try_from(&hash) else {
            return true;
        };
        let wanted = self.argon2.params();
        hash.algorithm.as_str() != Algorithm::Argon2id.as_str()
            || params.m_cost() < wanted.m_cost()
            || params.t_cost() < wanted.t_cost()
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let Ok(_place) = self.places.try_acquire() else {
            metrics::counter!("password_hashes_refused_total").increment(1);
            return Err(HasherError::Busy);
        };
        let turn = timeout(MAX_WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(HasherError::Busy);
        };
        metrics::counter!("password_hashes_total").increment(1);
        let working = self.workers.spawn(move || {
            let _turn = turn;
            work()
        });
        working.await?
    }
}

impl From<HasherError> for Problem {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy => Self::unavailable("busy", RETRY_AFTER_SECONDS),
            HasherError::Parameters(_)
            | HasherError::Hash(_)
            | HasherError::Threads(_)
            | HasherError::Task(_) => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_an_account_passes() {
        let hasher = Hasher::new().unwrap();
        let stored = hasher.hash(&"correct horse".into()).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        for (password, account, passes) in [
            ("correct horse", Some(stored.as_str()), true),
            ("Correct horse", Some(stored.as_str()), false),
            ("nobody's password", None, false),
        ] {
            assert_eq!(
                hasher.verify(&password.into(), account).await.unwrap(),
                passes,
                "{password}"
            );
        }
    }

    #[tokio::test]
    async fn hashes_of_lesser_parameters_are_told() {
        let hasher = Hasher::new().unwrap();
        let stored = hasher.hash(&"correct horse".into()).await.unwrap();
        assert!(!hasher.is_weak(&stored));
        let argon2 = |algorithm, memory, passes| {
            let params = Params::new(memory, passes, LANES, None).unwrap();
            let argon2 = Argon2::new(algorithm, Version::V0x13, params);
            let hash: PasswordHash = argon2.hash_password(b"correct horse").unwrap();
            hash.to_string()
        };
        let (memory, passes) = (MEMORY_KIB, PASSES);
        assert!(hasher.is_weak(&argon2(Algorithm::Argon2id, memory - 1024, passes)));
        assert!(hasher.is_weak(&argon2(Algorithm::Argon2id, memory, passes - 1)));
        assert!(hasher.is_weak(&argon2(Algorithm::Argon2i, memory, passes)));
        assert!(!hasher.is_weak(&argon2(Algorithm::Argon2id, memory + 1024, passes)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_has_an_end() {
        let hasher = Hasher::new().unwrap();
        hasher.turns.forget_permits(usize::MAX);
        let places = hasher.places.available_permits();
        let password = Password::from("correct horse");
        let mut waiting = Vec::new();
        for _ in 0..places {
            let (hasher, password) = (hasher.clone(), password.clone());
            waiting.push(tokio::spawn(
                async move { hasher.hash(&password).await.is_ok() },
            ));
        }
        while hasher.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let started = tokio::time::Instant::now();
        assert!(matches!(
            hasher.hash(&password).await,
            Err(HasherError::Busy)
        ));
        assert_eq!(started.elapsed(), Duration::ZERO, "refused at once");
        for task in waiting {
            assert!(!task.await.unwrap());
        }
        assert_eq!(started.elapsed(), MAX_WAIT);
        assert_eq!(hasher.places.available_permits(), places);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_turn_has_an_end() {
        let hasher = Hasher::new().unwrap();
        hasher.turns.forget_permits(usize::MAX);
        let refused = hasher.hash(&"correct horse".into()).await.unwrap_err();
        let problem = Problem::from(refused);
        assert_eq!((problem.status().as_u16(), problem.code()), (503, "busy"));
    }
}
