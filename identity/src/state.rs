//! What identity works with; shared by handlers and jobs.

use std::sync::Arc;

use axum::extract::FromRef;
use chrono::TimeDelta;
use events::{Envelope, Event};
use httpkit::browser::Csrf;
use httpkit::client::Upstream;
use httpkit::{Guard, Service};
use kernel::{Clock, Ids, SealKey, TenantId, UserId};
use passwords::Hasher;
use runtime::Common;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};
use tokio::sync::Notify;

use crate::avatar::Studio;
use crate::keys::KeyRing;
use crate::mail::Templates;
use crate::password::Throttle;
use crate::person::Keepers;
use crate::provider::Providers;

/// Identity itself. Any number of instances may work on one database.
pub struct Identity {
    /// Database `identity`.
    pub db: DatabaseConnection,
    /// Tells the time.
    pub clock: Clock,
    /// Makes ids.
    pub ids: Ids,
    /// The control plane.
    pub resolver: Upstream,
    /// Makes the tokens that browsers prove their own requests with.
    pub csrf: Csrf,
    /// Services that keep something about people.
    pub(crate) keepers: Keepers,
    /// Signs access tokens.
    pub keys: KeyRing,
    /// Seals secrets at rest.
    pub seal: SealKey,
    /// Hashes and checks passwords.
    pub passwords: Hasher,
    /// Limits guesses.
    pub throttle: Throttle,
    /// Where else people have accounts.
    pub providers: Providers,
    /// Draws pictures of people.
    pub(crate) studio: Studio,
    /// What mails look like.
    pub templates: Templates,
    /// How long tokens live.
    pub lifetimes: Lifetimes,
    /// Public addresses.
    pub common: Arc<Common>,
    /// Wakes the background work early.
    pub wake: Wake,
}

/// How long tokens live.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// An access token.
    pub access: TimeDelta,
    /// A session, however often it is refreshed.
    pub session: TimeDelta,
}

/// Each wakes one job; a job also runs by itself from time to time, so that a lost wake-up only delays.
#[derive(Default)]
pub struct Wake {
    /// An event was written.
    pub outbox: events::Wake,
    /// A mail was written.
    pub mail: Notify,
    /// Somebody asked for a letter.
    pub letters: Notify,
    /// Somebody asked for the own data, or for their end.
    pub people: Notify,
}

impl Identity {
    /// Writes an event into the transaction that makes it true.
    pub(crate) async fn emit(
        &self,
        db: &impl ConnectionTrait,
        tenant: TenantId,
        actor: UserId,
        event: &impl Event,
    ) -> Result<(), DbErr> {
        let traceparent =
            httpkit::context::current().and_then(|current| current.traceparent.clone());
        let source = Service::Identity.name();
        let envelope = Envelope::new(&self.ids, &self.clock, source, tenant, actor, event);
        events::outbox::emit(db, &envelope.with_traceparent(traceparent)).await
    }

    /// Writes many events of one kind.
    pub(crate) async fn emit_all(
        &self,
        db: &impl ConnectionTrait,
        tenant: TenantId,
        actor: UserId,
        events: impl Iterator<Item = impl Event>,
    ) -> Result<(), DbErr> {
        let traceparent =
            httpkit::context::current().and_then(|current| current.traceparent.clone());
        let source = Service::Identity.name();
        let envelopes: Vec<Envelope> = events
            .map(|event| {
                Envelope::new(&self.ids, &self.clock, source, tenant, actor, &event)
                    .with_traceparent(traceparent.clone())
            })
            .collect();
        events::outbox::emit_all(db, &envelopes).await
    }

    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.db.begin().await
    }

    /// Commits, and wakes those who wait for what was written.
    pub(crate) async fn commit(&self, transaction: DatabaseTransaction) -> Result<(), DbErr> {
        transaction.commit().await?;
        self.wake.outbox.notify();
        self.wake.mail.notify_one();
        Ok(())
    }
}

/// What handlers get.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// Identity itself.
    pub identity: Arc<Identity>,
    /// Knows who calls.
    pub guard: Guard,
}
