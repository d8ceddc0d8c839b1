//! The job that writes the letters.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use httpkit::Problem;
use sea_orm::{ConnectionTrait, DbErr};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Kind, store};
use crate::account::EmailAddress;
use crate::entity::{letter, organization as organizations};
use crate::state::Identity;
use crate::{account, organization, password};

/// How often wishes are looked for without being woken; also how late a retry may be.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// No address gets more letters of a kind in an hour, whoever asks for them.
const MAX_AN_HOUR: u64 = 5;

/// A wish with the organization it was made at.
pub(crate) struct Letter {
    pub(crate) organization: organizations::Model,
    pub(crate) email: EmailAddress,
    pub(crate) wish: letter::Model,
}

/// What a wish came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// A mail, in the queue.
    Mail,
    /// Nobody is to get one.
    Nothing,
}

/// Writes letters until shutdown; spawn it.
pub(crate) async fn run(identity: Arc<Identity>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = write_all(&identity).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "letters wait");
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = identity.wake.letters.notified() => {}
            () = sleep(SWEEP_INTERVAL) => {}
        }
    }
}

/// Writes what is due.
pub async fn write_all(identity: &Identity) -> Result<(), DbErr> {
    while let Some(wish) = store::take(&identity.db, identity.clock.now()).await? {
        let (id, attempts) = (wish.id, wish.attempts);
        if let Err(problem) = write(identity, wish).await {
            let error: &dyn std::error::Error = &problem;
            tracing::warn!(letter.id = %id, attempts, error, "letter not written yet");
        }
    }
    Ok(())
}

async fn write(identity: &Identity, wish: letter::Model) -> Result<(), Problem> {
    let now = identity.clock.now();
    let transaction = identity.begin().await?;
    let since = now - TimeDelta::hours(1);
    if !store::handled(&transaction, wish.id, now).await? {
        return Ok(());
    }
    let id = wish.id;
    let enough = written_since(&transaction, &wish, since).await? >= MAX_AN_HOUR;
    let at = organization::store::by_id(&transaction, wish.tenant_id).await?;
    let kind = Kind::parse(&wish.kind).filter(|_| !enough);
    let written = match at.zip(wish.email.clone()).zip(kind) {
        Some(((organization, email), kind)) => {
            let letter = Letter {
                organization,
                email,
                wish,
            };
            match kind {
                Kind::ResetPassword => password::write_reset(identity, &transaction, letter).await,
                Kind::Register => account::write_register(identity, &transaction, letter).await,
                Kind::ChangeEmail => account::write_change(identity, &transaction, letter).await,
            }?
        }
        None => Written::Nothing,
    };
    // What came to nothing does not count against the address: it may be somebody else who asks.
    if written == Written::Nothing {
        store::remove(&transaction, id).await?;
    }
    Ok(identity.commit(transaction).await?)
}

/// How many letters of the kind went to the address before this one. Those of a forgotten password go to members alone
/// and are counted for each organization, so that nobody uses them up from another one; the others go to whoever is
/// named, and are counted over all.
async fn written_since(
    db: &impl ConnectionTrait,
    wish: &letter::Model,
    since: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let tenant = match Kind::parse(&wish.kind) {
        Some(Kind::ResetPassword) => Some(wish.tenant_id),
        Some(Kind::Register | Kind::ChangeEmail) | None => None,
    };
    store::written_since(db, wish, tenant, since).await
}
