//! The limits of the door: per address before anything costs, tighter where passwords and tokens could be
//! guessed, per person once the token is known.

use std::time::Duration;

use http::Request;
use kernel::UserId;
use runtime::App;
use tower_governor::GovernorError;
use tower_governor::key_extractor::KeyExtractor;

use crate::client::ClientAddress;
use crate::config::Config;
use crate::limit::Limit;
use crate::session::Session;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// All limits. Clones share their counts.
#[derive(Clone)]
pub struct Limits {
    pub address: Limit<ClientAddress>,
    pub guesses: Limit<ClientAddress>,
    pub user: Limit<Person>,
}

impl Limits {
    /// The limits that the settings ask for.
    pub fn new(config: &Config, client: &ClientAddress) -> anyhow::Result<Self> {
        Ok(Self {
            address: Limit::new("address", config.address_per_minute, MINUTE, client.clone())?,
            guesses: Limit::new("login", config.login_per_minute, MINUTE, client.clone())?,
            user: Limit::new("user", config.user_per_hour, HOUR, Person)?,
        })
    }

    /// Forgets who has not come for a while, every minute.
    pub fn keep_small(&self, app: &App) {
        let (limits, shutdown) = (self.clone(), app.shutdown.clone());
        app.spawn("rate limit upkeep", async move {
            while tokio::time::timeout(MINUTE, shutdown.cancelled())
                .await
                .is_err()
            {
                limits.address.forget_idle();
                limits.guesses.forget_idle();
                limits.user.forget_idle();
            }
        });
    }
}

/// The signed-in person of a request.
#[derive(Debug, Clone, Copy)]
pub struct Person;

impl KeyExtractor for Person {
    type Key = UserId;

    fn name(&self) -> &'static str {
        "person"
    }

    fn extract<T>(&self, request: &Request<T>) -> Result<UserId, GovernorError> {
        let session = request.extensions().get::<Session>();
        session
            .map(|session| session.user)
            .ok_or(GovernorError::UnableToExtractKey)
    }
}
