//! Keys come and go: by the schedule, by the operator, and at once when one has leaked.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{DatabaseConnection, TransactionTrait};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{KeyError, KeyRing, VERIFIES_AFTER_RETIREMENT, generate, signs_from, store, verifying};
use crate::entity::signing_key;
use crate::state::Identity;

/// Between two looks for changed keys.
const RELOAD_EVERY: Duration = Duration::from_secs(5);
/// Least time that a key is served before it signs: all instances have reloaded, and those who verify may have asked
/// for the keys just before (`httpkit::tokens::Keys` asks every five seconds at most).
pub(super) const SHORTEST_LEAD: TimeDelta = TimeDelta::seconds(15);
/// The same by default: longer than caches outside may keep the key set.
pub(super) const LEAD: TimeDelta = TimeDelta::minutes(10);

/// A new key, and those that it takes over from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rotation {
    /// Id of the new key.
    pub kid: String,
    /// When it begins to sign.
    pub signs_from: DateTime<Utc>,
    /// Those that sign until then, and verify for a day more.
    pub retires: Vec<String>,
}

/// Looks for changed keys until shutdown, and makes a new one when the newest is older than `lifetime`; spawn it.
pub async fn keep(
    identity: Arc<Identity>,
    lifetime: Option<TimeDelta>,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        if let Err(error) = round(&identity, lifetime).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "signing keys not looked after");
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(RELOAD_EVERY) => {}
        }
    }
}

async fn round(identity: &Identity, lifetime: Option<TimeDelta>) -> Result<(), KeyError> {
    if let Some(lifetime) = lifetime {
        identity.keys.rotate_if_due(identity, lifetime).await?;
    }
    identity
        .keys
        .reload(&identity.db, identity.clock.now())
        .await
}

impl KeyRing {
    /// Makes a new key that signs after `lead`, in place of those that do now.
    pub(crate) async fn rotate(
        &self,
        identity: &Identity,
        lead: TimeDelta,
    ) -> Result<Rotation, KeyError> {
        let now = identity.clock.now();
        let transaction = identity.db.begin().await?;
        store::lock(&transaction).await?;
        let rows = verifying(&transaction, now).await?;
        if let Some(pending) = rows.iter().find(|row| signs_from(row) > now) {
            return Err(KeyError::Pending(pending.kid.clone()));
        }
        let from = now + lead.max(SHORTEST_LEAD);
        let row = generate(&self.seal, &identity.ids, now, from)?;
        let retires = store::retire_all(&transaction, from).await?;
        let kid = row.kid.clone();
        store::insert(&transaction, row).await?;
        transaction.commit().await?;
        tracing::info!(key.id = kid, signs.from = %from, "signing key made");
        self.reload(&identity.db, now).await?;
        Ok(Rotation {
            kid,
            signs_from: from,
            retires,
        })
    }

    /// The same when the newest key has signed for longer than `lifetime`.
    pub async fn rotate_if_due(
        &self,
        identity: &Identity,
        lifetime: TimeDelta,
    ) -> Result<Option<Rotation>, KeyError> {
        let due = self
            .newest_since()
            .is_some_and(|since| since + lifetime <= identity.clock.now());
        if !due {
            return Ok(None);
        }
        // Another instance may have been first.
        self.reload(&identity.db, identity.clock.now()).await?;
        let still = self
            .newest_since()
            .is_some_and(|since| since + lifetime <= identity.clock.now());
        if !still {
            return Ok(None);
        }
        match self.rotate(identity, LEAD).await {
            Ok(rotation) => Ok(Some(rotation)),
            Err(KeyError::Pending(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn newest_since(&self) -> Option<DateTime<Utc>> {
        self.held.load().rows.iter().map(signs_from).max()
    }

    /// Takes a key that has leaked out of service at once: tokens signed with it are refused as soon as those who verify
    /// have asked again. When no other signs, a new one does from now on.
    pub(crate) async fn withdraw(&self, identity: &Identity, kid: &str) -> Result<(), KeyError> {
        let now = identity.clock.now();
        let transaction = identity.db.begin().await?;
        store::lock(&transaction).await?;
        let rows = verifying(&transaction, now).await?;
        if !rows.iter().any(|row| row.kid == kid) {
            return Err(KeyError::Unknown(kid.to_owned()));
        }
        store::retire(&transaction, kid, now - VERIFIES_AFTER_RETIREMENT).await?;
        let signs = |row: &&signing_key::Model| row.kid != kid && signs_from(row) <= now;
        if !rows
            .iter()
            .filter(signs)
            .any(|row| row.retired_at.is_none_or(|at| at > now))
        {
            store::insert(&transaction, generate(&self.seal, &identity.ids, now, now)?).await?;
        }
        transaction.commit().await?;
        tracing::warn!(key.id = kid, "signing key withdrawn");
        self.reload(&identity.db, now).await
    }

    /// Every key that verifies, from the oldest to the newest.
    pub(super) async fn list(
        &self,
        db: &DatabaseConnection,
        now: DateTime<Utc>,
    ) -> Result<Vec<signing_key::Model>, KeyError> {
        Ok(verifying(db, now).await?)
    }
}
